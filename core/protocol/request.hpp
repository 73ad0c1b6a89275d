#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/model/measurement.hpp"
#include "core/model/topology.hpp"
#include "core/units.hpp"

namespace plumbline {

/// How long and how exactly to measure; both ends of a pair get the same.
struct Budget {
  double width = 0.01;       ///< asked half-width of the 95 % interval, as a share of the value
  Seconds time{8};           ///< all batches of one number together
  Bytes bytes{8ULL << 30U};  ///< payload of one number
  Seconds batch{0.3};        ///< timed part of one batch: at least three windows of 50 ms
};

/// What a child is asked to measure: the one line on its stdin.
struct Request {
  std::string probe;  ///< inventory | memory_copy | loopback_latency | pair | all_reduce
  int rank = 0;
  int size = 1;
  std::vector<Endpoint> ends;        ///< by rank; ends[rank].device is the netdev to use
  std::vector<Bytes> sizes;          ///< message sizes; the largest is judged
  std::vector<std::string> measure;  ///< pair: subset of one_way, reverse, both_ways, latency
  std::uint64_t seed = 0;
  Budget budget;
  Seconds limit{30};                           ///< the child gives up by itself after this
  std::map<std::string, std::string> options;  ///< inventory: "cni_results"; rank: "iterations"
};

/// The child gives bytes to all other ends (Rendezvous::allgather number `sequence`).
struct PostEvent {
  int sequence = 0;
  std::string bytes;
};

/// The agent answers a post with everybody's bytes.
struct GatheredEvent {
  int sequence = 0;
  std::vector<std::string> bytes;
};

/// A sign of life, at least every 500 ms while the child works; a child silent for longer than
/// `kSilence` is hung.
struct ProgressEvent {
  std::string step;  ///< "pair rail-a 1 MiB batch 3"
  double share = 0;  ///< 0..1
};

/// One outcome, whole.
struct OutcomeEvent {
  Outcome outcome;
};

/// The inventory.
struct TopologyEvent {
  Topology topology;
};

/// The last line of a child that ended well.
struct DoneEvent {};

using Event =
    std::variant<PostEvent, GatheredEvent, ProgressEvent, OutcomeEvent, TopologyEvent, DoneEvent>;

/// A child that says nothing for this long is hung and is killed.
inline constexpr Seconds kSilence{3.0};

}  // namespace plumbline
