#include "agent/wire/messages.hpp"

#include <array>
#include <utility>

#include "agent/wire/fields.hpp"
#include "core/json/codec.hpp"

namespace plumbline::agent {
namespace {

using Json = nlohmann::json;

constexpr const char* kNoReason = "the agent did not tell, and gave no reason";

constexpr std::array<std::pair<ChildFate, const char*>, 8> kFates{{
    {ChildFate::finished, "finished"},
    {ChildFate::hung, "hung"},
    {ChildFate::died, "died"},
    {ChildFate::exited, "exited"},
    {ChildFate::overran, "overran"},
    {ChildFate::babbled, "babbled"},
    {ChildFate::cancelled, "cancelled"},
    {ChildFate::not_started, "not_started"},
}};

Json failure_of(const Failed& failed) {
  return {{"code", to_string(failed.error.code)},
          {"message", failed.error.message},
          {"blamed", failed.blamed}};
}

Result<Failed> decode_failure(const std::string& text) {
  Fields fields(text);
  Failed failed;
  failed.error.code = parse_code(fields.text("code"));
  failed.error.message = fields.text("message");
  failed.blamed = fields.optional_text("blamed");
  if (!fields.good()) return fields.error();
  return failed;
}

Result<MeasureEnd> decode_end(const std::string& text) {
  Fields fields(text);
  MeasureEnd end;
  const auto fate = parse_fate(fields.text("fate"));
  end.last_words = fields.optional_text("last_words");
  end.released = fields.truth("released");
  if (!fields.good()) return fields.error();
  if (!fate) return tl::unexpected(fate.error());
  end.fate = *fate;
  const auto failure = fields.nested("failed");
  if (failure.empty()) return end;
  auto failed = decode_failure(failure);
  if (!failed) return pass_up(failed.error(), "field \"failed\"");
  end.failed = std::move(*failed);
  return end;
}

Json end_of(const MeasureEnd& end) {
  Json object{
      {"fate", to_string(end.fate)}, {"last_words", end.last_words}, {"released", end.released}};
  if (end.failed) object["failed"] = failure_of(*end.failed);
  return object;
}

}  // namespace

const char* to_string(ChildFate fate) noexcept {
  for (const auto& [value, word] : kFates) {
    if (value == fate) return word;
  }
  return "unknown";
}

Result<ChildFate> parse_fate(std::string_view word) {
  for (const auto& [value, name] : kFates) {
    if (word == name) return value;
  }
  return fail(ErrorCode::invalid_input, "no such fate: " + std::string(word));
}

ErrorCode parse_code(std::string_view word) noexcept {
  for (int value = 0; value < static_cast<int>(ErrorCode::internal); ++value) {
    if (word == to_string(static_cast<ErrorCode>(value))) return static_cast<ErrorCode>(value);
  }
  return ErrorCode::internal;
}

std::string encode(const ReserveOrder& order) {
  return dump({{"run_id", order.run_id},
               {"time_to_live_s", order.time_to_live.value},
               {"lease", order.lease}});
}

std::string encode(const LeaseGrant& grant) {
  return dump({{"lease", grant.lease}, {"time_to_live_s", grant.time_to_live.value}});
}

std::string encode(const MeasureOrder& order) {
  return dump({{"lease", order.lease},
               {"measurement", order.measurement},
               {"own_namespace", order.own_namespace},
               {"device_names", order.device_names},
               {"request", parsed(json::encode(order.request))}});
}

std::string encode(const ExchangeOrder& order) {
  return dump({{"lease", order.lease},
               {"measurement", order.measurement},
               {"gathered", parsed(json::encode(Event(order.gathered)))}});
}

std::string encode(const StreamItem& item) {
  if (const auto* const end = std::get_if<MeasureEnd>(&item)) return dump({{"end", end_of(*end)}});
  return dump({{"event", parsed(json::encode(std::get<Event>(item)))}});
}

std::string encode(const netcheck::NodeFacts& facts) {
  Json object{{"node", facts.node},
              {"topology_problem", facts.topology_problem},
              {"holdings_problem", facts.holdings_problem}};
  if (facts.topology) object["topology"] = parsed(json::encode(*facts.topology));
  if (facts.holdings) object["holdings"] = parsed(json::encode(*facts.holdings));
  return dump(object);
}

std::string encode_lease(const std::string& lease) { return dump({{"lease", lease}}); }

Result<ReserveOrder> decode_reserve(std::string_view text) {
  Fields fields(text);
  ReserveOrder order;
  order.run_id = fields.text("run_id");
  order.time_to_live = {fields.number("time_to_live_s")};
  order.lease = fields.optional_text("lease");
  if (!fields.good()) return fields.error();
  return order;
}

Result<LeaseGrant> decode_grant(std::string_view text) {
  Fields fields(text);
  LeaseGrant grant{fields.text("lease"), {fields.number("time_to_live_s")}};
  if (!fields.good()) return fields.error();
  return grant;
}

Result<MeasureOrder> decode_measure(std::string_view text) {
  Fields fields(text);
  MeasureOrder order;
  order.lease = fields.text("lease");
  order.measurement = fields.text("measurement");
  order.own_namespace = fields.optional_text("own_namespace");
  order.device_names = fields.texts("device_names");
  const auto request = fields.needed("request");
  if (!fields.good()) return fields.error();
  auto decoded = json::decode_request(request);
  if (!decoded) return pass_up(decoded.error(), "field \"request\"");
  order.request = std::move(*decoded);
  return order;
}

Result<ExchangeOrder> decode_exchange(std::string_view text) {
  Fields fields(text);
  ExchangeOrder order;
  order.lease = fields.text("lease");
  order.measurement = fields.text("measurement");
  const auto gathered = fields.needed("gathered");
  if (!fields.good()) return fields.error();
  auto event = json::decode_event(gathered);
  if (!event) return pass_up(event.error(), "field \"gathered\"");
  auto* const found = std::get_if<GatheredEvent>(&*event);
  if (found == nullptr) return fail(ErrorCode::invalid_input, "only gathered bytes are exchanged");
  order.gathered = std::move(*found);
  return order;
}

Result<StreamItem> decode_item(std::string_view text) {
  Fields fields(text);
  const auto end = fields.nested("end");
  if (!end.empty()) {
    auto decoded = decode_end(end);
    if (!decoded) return tl::unexpected(decoded.error());
    return StreamItem(std::move(*decoded));
  }
  const auto event = fields.needed("event");
  if (!fields.good()) return fields.error();
  auto decoded = json::decode_event(event);
  if (!decoded) return tl::unexpected(decoded.error());
  return StreamItem(std::move(*decoded));
}

Result<netcheck::NodeFacts> decode_facts(std::string_view text) {
  Fields fields(text);
  netcheck::NodeFacts facts;
  facts.node = fields.text("node");
  facts.topology_problem = fields.optional_text("topology_problem");
  facts.holdings_problem = fields.optional_text("holdings_problem");
  if (!fields.good()) return fields.error();
  if (const auto topology = fields.nested("topology"); !topology.empty()) {
    auto decoded = json::decode_topology(topology);
    if (!decoded) return pass_up(decoded.error(), "field \"topology\"");
    facts.topology = std::move(*decoded);
  }
  if (const auto holdings = fields.nested("holdings"); !holdings.empty()) {
    auto decoded = json::decode_holdings(holdings);
    if (!decoded) return pass_up(decoded.error(), "field \"holdings\"");
    facts.holdings = std::move(*decoded);
  }
  if (!facts.topology && facts.topology_problem.empty()) facts.topology_problem = kNoReason;
  if (!facts.holdings && facts.holdings_problem.empty()) facts.holdings_problem = kNoReason;
  return facts;
}

Result<std::string> decode_lease(std::string_view text) {
  Fields fields(text);
  auto lease = fields.text("lease");
  if (!fields.good()) return fields.error();
  return lease;
}

}  // namespace plumbline::agent
