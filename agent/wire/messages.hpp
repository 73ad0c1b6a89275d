#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/protocol/request.hpp"
#include "core/result.hpp"
#include "netcheck/facts.hpp"

/// What the agent's calls carry. Every call's message is one JSON text; these are its values.
namespace plumbline::agent {

/// Asks for the lease of a node, renews it, or takes it over after a restart of the same run.
struct ReserveOrder {
  std::string run_id;
  Seconds time_to_live{30};  ///< 1..600 s; not renewed for that long = free again
  std::string lease;         ///< the lease to renew; empty: a new one
};

/// A lease that was given.
struct LeaseGrant {
  std::string lease;  ///< random, good for this identity and run only
  Seconds time_to_live;
};

/// Asks for one measurement.
struct MeasureOrder {
  std::string lease;
  std::string measurement;    ///< its name in the run, [A-Za-z0-9._-], 1..64 bytes
  std::string own_namespace;  ///< pods of it may hold the device
  /// What the kubelet may call the device besides its netdev's name.
  std::vector<std::string> device_names;
  Request request;
};

/// How a child came to its end.
enum class ChildFate {
  finished,   ///< said done and left with status 0
  hung,       ///< silent for longer than kSilence; killed. Its own node is at fault
  died,       ///< ended by a signal of its own. Its own node is at fault
  exited,     ///< left with another status or without done; with several ends, any may be why
  overran,    ///< alive but not done by the request's limit; killed; any end may be why
  babbled,    ///< said what is no event, or far too much; killed. Its own node is at fault
  cancelled,  ///< stopped on purpose: caller gone, lease lost, tenant on the device, agent ends
  /// No child came to be: a tenant holds the device (error `conflict`), its holder cannot be told,
  /// or there is no program.
  not_started
};
const char* to_string(ChildFate fate) noexcept;
Result<ChildFate> parse_fate(std::string_view word);
/// The code whose to_string() is `word`; another word is `internal`.
ErrorCode parse_code(std::string_view word) noexcept;

/// The last item of a measurement's stream.
struct MeasureEnd {
  ChildFate fate = ChildFate::finished;
  /// Why, unless finished. `blamed` is this node where the fate says so, else empty. When two ends
  /// of a pair end badly, hung, died and babbled tell the cause; exited and overran may be its
  /// effect.
  std::optional<Failed> failed;
  std::string last_words;  ///< end of the child's stderr, at most 2 KiB
  bool released = true;    ///< no process of the child's group is left
};

/// Everybody's bytes of one rendezvous step, for one end's child.
struct ExchangeOrder {
  std::string lease;
  std::string measurement;
  GatheredEvent gathered;
};

/// One item of a measurement's stream: an event of the child, or the end.
using StreamItem = std::variant<Event, MeasureEnd>;

std::string encode(const ReserveOrder& order);
std::string encode(const LeaseGrant& grant);
std::string encode(const MeasureOrder& order);
std::string encode(const ExchangeOrder& order);
std::string encode(const StreamItem& item);
/// The answer of Inventory: both halves, each there or with its problem.
std::string encode(const netcheck::NodeFacts& facts);
/// A message that holds a lease and nothing else (Release).
std::string encode_lease(const std::string& lease);

/// All refuse wrong types and missing fields, naming the field.
Result<ReserveOrder> decode_reserve(std::string_view text);
Result<LeaseGrant> decode_grant(std::string_view text);
Result<MeasureOrder> decode_measure(std::string_view text);
Result<ExchangeOrder> decode_exchange(std::string_view text);
Result<StreamItem> decode_item(std::string_view text);
Result<netcheck::NodeFacts> decode_facts(std::string_view text);
Result<std::string> decode_lease(std::string_view text);

}  // namespace plumbline::agent
