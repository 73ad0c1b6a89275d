#include "probes/pair/messages.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace plumbline::probes {

namespace {

using Json = nlohmann::json;

/// A rendezvous takes 64 KiB; a machine with more devices than this sends the first ones.
constexpr std::size_t kMostLinks = 128;
constexpr std::size_t kMostWindows = 1024;
constexpr std::size_t kMostPorts = 32;
constexpr std::size_t kMostErrors = 48;

Json form(const std::optional<Error>& error) {
  if (!error) return nullptr;
  return Json::array({static_cast<int>(error->code), error->message.substr(0, 1000)});
}

Json form(const std::vector<Link>& links) {
  Json list = Json::array();
  for (const Link& link : links) {
    if (list.size() >= kMostLinks) break;
    list.push_back(
        Json::array({link.name, link.state, link.loopback, link.carrier_downs, link.sent_bytes,
                     link.received_bytes, link.dropped, link.addresses}));
  }
  return list;
}

Json form(const std::optional<std::uint64_t>& count) { return count ? Json(*count) : Json(); }

Json form(const std::vector<PortCount>& ports) {
  Json list = Json::array();
  for (const PortCount& port : ports) {
    if (list.size() >= kMostPorts) break;
    Json errors = Json::object();
    for (const auto& [name, value] : port.errors) {
      if (errors.size() < kMostErrors) errors[name] = value;
    }
    list.push_back(
        Json::array({port.port, port.state, port.netdevs, form(port.sent), form(port.received),
                     port.sent_source, port.received_source, port.packets, port.bits, port.factor,
                     errors, port.problem.substr(0, 200), port.through_kernel}));
  }
  return list;
}

Json form(const Batch& batch) {
  auto windows = batch.windows;
  if (windows.size() > kMostWindows) windows.resize(kMostWindows);
  return Json::array({batch.value, batch.payload.count, windows});
}

Json bytes_of(const std::string& text) {
  return Json::binary(std::vector<std::uint8_t>(text.begin(), text.end()));
}

std::string packed(const Json& json) {
  const auto bytes = Json::to_msgpack(json);
  return {bytes.begin(), bytes.end()};
}

std::string text_at(const Json& json, const char* key) {
  const auto& bytes = json.at(key).get_binary();
  return {bytes.begin(), bytes.end()};
}

/// A count as it was packed. A number with a fraction, which get() would convert whatever its size,
/// is no count.
std::uint64_t count(const Json& json) { return json.get_ref<const Json::number_unsigned_t&>(); }

std::optional<Error> error_at(const Json& json) {
  const Json& error = json.at("error");
  if (error.is_null()) return std::nullopt;
  const std::uint64_t code = count(error.at(0));
  const bool known = code <= static_cast<std::uint64_t>(ErrorCode::internal);
  return Error{known ? static_cast<ErrorCode>(code) : ErrorCode::internal,
               error.at(1).get<std::string>()};
}

std::vector<Link> links_at(const Json& json) {
  std::vector<Link> links;
  for (const Json& entry : json.at("links")) {
    Link link;
    link.name = entry.at(0).get<std::string>();
    link.state = entry.at(1).get<std::string>();
    link.loopback = entry.at(2).get<bool>();
    link.carrier_downs = count(entry.at(3));
    link.sent_bytes = count(entry.at(4));
    link.received_bytes = count(entry.at(5));
    link.dropped = count(entry.at(6));
    link.addresses = entry.at(7).get<std::vector<std::string>>();
    links.push_back(std::move(link));
  }
  return links;
}

std::optional<std::uint64_t> count_at(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return count(json);
}

unsigned up_to_64(const Json& json) {
  return static_cast<unsigned>(std::clamp<std::uint64_t>(count(json), 1, 64));
}

std::vector<PortCount> ports_at(const Json& json) {
  std::vector<PortCount> ports;
  if (!json.contains("ports")) return ports;
  for (const Json& entry : json.at("ports")) {
    PortCount port;
    port.port = entry.at(0).get<std::string>();
    port.state = entry.at(1).get<std::string>();
    port.netdevs = entry.at(2).get<std::vector<std::string>>();
    port.sent = count_at(entry.at(3));
    port.received = count_at(entry.at(4));
    port.sent_source = entry.at(5).get<std::string>();
    port.received_source = entry.at(6).get<std::string>();
    port.packets = entry.at(7).get<bool>();
    port.bits = up_to_64(entry.at(8));
    port.factor = up_to_64(entry.at(9));
    for (const auto& [name, value] : entry.at(10).items())
      port.errors[name] = count(value);
    port.problem = entry.at(11).get<std::string>();
    port.through_kernel = entry.at(12).get<bool>();
    ports.push_back(std::move(port));
  }
  return ports;
}

Idle idle_at(const Json& json, const char* key) {
  return {json.at(key).at(0).get<double>(), json.at(key).at(1).get<double>()};
}

Opening read_opening(const Json& json) {
  Opening opening;
  opening.go = json.at("go").get<bool>();
  opening.error = error_at(json);
  opening.sender = text_at(json, "sender");
  opening.receiver = text_at(json, "receiver");
  opening.links = links_at(json);
  opening.ports = ports_at(json);
  opening.idle = idle_at(json, "idle");
  if (json.contains("below")) opening.below = idle_at(json, "below");
  return opening;
}

Closing read_closing(const Json& json) {
  Closing closing;
  if (const Json& batch = json.at("batch"); !batch.is_null()) {
    closing.batch = Batch{batch.at(0).get<double>(),
                          Bytes{count(batch.at(1))},
                          batch.at(2).get<std::vector<double>>(),
                          {}};
  }
  closing.sent = count(json.at("sent"));
  closing.received = count(json.at("received"));
  closing.silent = json.at("silent").get<bool>();
  closing.error = error_at(json);
  closing.tally.transports = json.at("transports").get<std::vector<std::string>>();
  closing.tally.locals = json.at("locals").get<std::vector<std::string>>();
  closing.tally.retransmits = count(json.at("retransmits"));
  closing.tally.segments = count(json.at("segments"));
  closing.links = links_at(json);
  closing.ports = ports_at(json);
  return closing;
}

/// Walks over a message and ends where it is nested deeper than ours are: the library's reader
/// calls itself for every level.
class DepthCheck final : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool key(string_t&) override { return true; }
  bool start_object(std::size_t) override { return ++depth_ <= kDeepest; }
  bool start_array(std::size_t) override { return ++depth_ <= kDeepest; }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  static constexpr int kDeepest = 8;
  bool leave() {
    --depth_;
    return true;
  }
  int depth_ = 0;
};

/// The library's exceptions end here.
template <typename T>
Result<T> unpack(const std::string& bytes, T (*read)(const Json&)) {
  try {
    DepthCheck depth;
    if (!Json::sax_parse(bytes, &depth, Json::input_format_t::msgpack)) {
      return fail(ErrorCode::invalid_input, "the other end's message is not of the form");
    }
    const Json json = Json::from_msgpack(bytes);
    return read(json);
  } catch (const Json::exception& problem) {
    return fail(ErrorCode::invalid_input,
                std::string("the other end's message is not understood: ") + problem.what());
  }
}

}  // namespace

std::string pack(const Opening& opening) {
  return packed({{"go", opening.go},
                 {"error", form(opening.error)},
                 {"sender", bytes_of(opening.sender)},
                 {"receiver", bytes_of(opening.receiver)},
                 {"links", form(opening.links)},
                 {"ports", form(opening.ports)},
                 {"idle", {opening.idle.sent, opening.idle.received}},
                 {"below", {opening.below.sent, opening.below.received}}});
}

std::string pack(const Closing& closing) {
  return packed({{"batch", closing.batch ? form(*closing.batch) : Json(nullptr)},
                 {"sent", closing.sent},
                 {"received", closing.received},
                 {"silent", closing.silent},
                 {"error", form(closing.error)},
                 {"transports", closing.tally.transports},
                 {"locals", closing.tally.locals},
                 {"retransmits", closing.tally.retransmits},
                 {"segments", closing.tally.segments},
                 {"links", form(closing.links)},
                 {"ports", form(closing.ports)}});
}

Result<Opening> unpack_opening(const std::string& bytes) { return unpack(bytes, &read_opening); }

Result<Closing> unpack_closing(const std::string& bytes) { return unpack(bytes, &read_closing); }

}  // namespace plumbline::probes
