#include "core/json/base64.hpp"
#include "core/json/codec.hpp"
#include "core/json/tree.hpp"

namespace plumbline::json {
namespace {

std::string read_bytes(const Fields& fields, const std::string& text) {
  auto bytes = from_base64(text);
  if (!bytes) fields.complain("bytes", "base64");
  return std::move(bytes).value_or("");
}

Tree tree_of(const PostEvent& event) {
  return {{"event", "post"}, {"sequence", event.sequence}, {"bytes", to_base64(event.bytes)}};
}

Tree tree_of(const GatheredEvent& event) {
  Tree all = Tree::array();
  for (const auto& bytes : event.bytes)
    all.push_back(to_base64(bytes));
  return {{"event", "gathered"}, {"sequence", event.sequence}, {"bytes", std::move(all)}};
}

Tree tree_of(const ProgressEvent& event) {
  return {{"event", "progress"}, {"step", event.step}, {"share", number(event.share)}};
}

Tree tree_of(const OutcomeEvent& event) {
  return {{"event", "outcome"}, {"outcome", json::tree_of(event.outcome)}};
}

Tree tree_of(const TopologyEvent& event) {
  return {{"event", "topology"}, {"topology", json::tree_of(event.topology)}};
}

Tree tree_of(const DoneEvent& /*event*/) { return {{"event", "done"}}; }

GatheredEvent read_gathered(const Fields& fields) {
  GatheredEvent event;
  event.sequence = fields.get<int>("sequence");
  for (const auto& text : fields.list<std::string>("bytes")) {
    event.bytes.push_back(read_bytes(fields, text));
  }
  return event;
}

Event read_event(const Fields& fields) {
  const auto kind = fields.get<std::string>("event");
  if (kind == "post") {
    return PostEvent{fields.get<int>("sequence"),
                     read_bytes(fields, fields.get<std::string>("bytes"))};
  }
  if (kind == "gathered") return read_gathered(fields);
  if (kind == "progress") {
    return ProgressEvent{fields.get<std::string>("step"), fields.get_or<double>("share", 0)};
  }
  if (kind == "outcome") return OutcomeEvent{read_outcome(fields.object("outcome"))};
  if (kind == "topology") return TopologyEvent{read_topology(fields.object("topology"))};
  if (kind != "done") fields.complain("event", "a known event");
  return DoneEvent{};
}

std::vector<std::uint64_t> counts_of(const std::vector<Bytes>& sizes) {
  std::vector<std::uint64_t> counts;
  for (const auto size : sizes)
    counts.push_back(size.count);
  return counts;
}

Tree tree_of(const Budget& budget) {
  return {{"width", budget.width},
          {"time_s", budget.time.value},
          {"bytes", budget.bytes.count},
          {"batch_s", budget.batch.value}};
}

Budget read_budget(const Fields& fields) {
  Budget budget;
  budget.width = fields.get<double>("width");
  budget.time = {fields.get<double>("time_s")};
  budget.bytes = {fields.get<std::uint64_t>("bytes")};
  budget.batch = {fields.get<double>("batch_s")};
  return budget;
}

Request read_request(const Fields& fields) {
  Request request;
  if (fields.get<std::string>("schema") != "plumbline.request/v1") {
    fields.complain("schema", "\"plumbline.request/v1\"");
  }
  request.probe = fields.get<std::string>("probe");
  request.rank = fields.get<int>("rank");
  request.size = fields.get<int>("size");
  request.ends = fields.objects("ends", read_endpoint);
  for (const auto count : fields.list<std::uint64_t>("sizes")) {
    request.sizes.push_back({count});
  }
  request.measure = fields.list<std::string>("measure");
  request.seed = fields.get<std::uint64_t>("seed");
  request.budget = read_budget(fields.object("budget"));
  request.limit = {fields.get<double>("limit_s")};
  request.options = fields.table<std::string>("options");
  return request;
}

}  // namespace

std::string encode(const Request& request) {
  return one_line(
      {{"schema", "plumbline.request/v1"},
       {"probe", request.probe},
       {"rank", request.rank},
       {"size", request.size},
       {"ends", list_of(request.ends, [](const Endpoint& end) { return tree_of(end); })},
       {"sizes", counts_of(request.sizes)},
       {"measure", request.measure},
       {"seed", request.seed},
       {"budget", tree_of(request.budget)},
       {"limit_s", request.limit.value},
       {"options", request.options}});
}

std::string encode(const Event& event) {
  return one_line(std::visit([](const auto& kind) { return tree_of(kind); }, event));
}

Result<Request> decode_request(std::string_view text) { return decode(text, read_request); }

Result<Event> decode_event(std::string_view text) { return decode(text, read_event); }

}  // namespace plumbline::json
