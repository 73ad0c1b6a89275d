#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/result.hpp"
#include "core/units.hpp"

namespace plumbline {

/// What a number counts. In the JSON: "B/s" and "s".
enum class Unit { bytes_per_second, seconds };

/// One end of a measured path.
struct Endpoint {
  std::string node;    ///< node's name; empty for the local machine
  std::string device;  ///< "ens1", "numa0", "cpu"; empty when the node is meant
  std::string rail;    ///< the rail the device is on, when known
  auto operator<=>(const Endpoint&) const = default;
};

/// A 95 % interval in the unit of its number.
struct Interval {
  double low = 0;
  double high = 0;
};

/// A sign that the bytes took the claimed path.
struct Proof {
  std::string kind;       ///< "library" (what UCX or MPI says) or "counter" (what hardware counted)
  Endpoint at;            ///< whose
  std::string source;     ///< "/sys/class/net/ens1/statistics/tx_bytes", "ucp_ep_print_info"
  std::string statement;  ///< for people: "sent 31.2 MB over ens1, payload 30.1 MB"
  std::optional<double> before;
  std::optional<double> after;
  std::optional<double> expected;  ///< least growth that the payload makes
  bool holds = false;              ///< the sign supports the claimed path
};

/// A number that was measured.
struct Measured {
  Unit unit = Unit::bytes_per_second;
  double value = 0;                        ///< goodput; p50 for a latency
  Interval interval;                       ///< 95 %, from the batch values
  bool conclusive = false;                 ///< the interval reached the asked width
  std::string doubt;                       ///< why not, when not conclusive
  std::optional<double> median;            ///< over windows of at least 50 ms (bandwidth)
  std::optional<double> p5;                ///< 5th percentile over those windows
  std::optional<double> p99;               ///< latency
  std::optional<double> p999;              ///< latency
  std::vector<double> batches;             ///< each batch's value, fresh connections
  std::map<std::string, double> counters;  ///< "from.retransmits", "to.carrier_downs": deltas
  std::vector<Proof> proof;
  std::vector<std::string> caveats;  ///< what a reader must know: "GPU-1: clocks throttled: ..."
};

/// It was not tried, for this reason.
struct Skipped {
  std::string reason;
};

/// It was tried and failed.
struct Failed {
  Error error;
  std::string blamed;  ///< node whose end is known to be at fault; empty when not known
};

/// One planned measurement and what became of it. `probe`, `from`, `to` and `parameters` are its
/// identity: the journal knows by them what is finished.
struct Outcome {
  std::string probe;  ///< "pair_goodput", "pair_latency", "memory_copy", "loopback_latency", ...
  Endpoint from;
  Endpoint to;
  std::map<std::string, std::string> parameters;  ///< "size": "1048576", "direction": "one_way"
  std::variant<Skipped, Measured, Failed> result;
  Seconds took;
  std::string finished_at;  ///< wall time

  /// The identity as one string, the same for the same measurement in every run of a stage.
  std::string key() const;
  const Measured* measured() const { return std::get_if<Measured>(&result); }
  const Skipped* skipped() const { return std::get_if<Skipped>(&result); }
  const Failed* failed() const { return std::get_if<Failed>(&result); }
};

}  // namespace plumbline
