#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/model/allocation.hpp"
#include "core/model/measurement.hpp"

namespace plumbline {

/// What a cross-check found. kubernetes.md section 0 of the reference defines the words.
enum class Verdict {
  match,
  violation,
  degraded,
  drift,
  vacuous,
  preference_not_met,
  unclaimed,
  unobservable
};

/// The verdict's word as it stands in the JSON; parse_verdict() reads it back.
const char* to_string(Verdict verdict) noexcept;
Result<Verdict> parse_verdict(const std::string& word);

/// What a finding is about.
struct Subject {
  std::string kind;  ///< node | nic | uplink | link | label | slice | pod | gang | claim | agent
  std::string name;  ///< "node-3/ens1", "rack-2/rail-a", "fabric.topograph.run/tier-0"
  std::string node;  ///< the node it is on, when it is on one
  std::string rail;  ///< the rail it belongs to, when it does
  auto operator<=>(const Subject&) const = default;
};

/// A raw observation, quoted.
struct Evidence {
  std::string source;  ///< file, call or measurement it comes from, with the node
  std::string value;   ///< raw
  std::string time;    ///< wall time; may be empty
};

/// What a number should be, and how that was derived.
struct Expectation {
  BytesPerSecond rate;
  std::string derivation;  ///< "slowest hop: uplink rack-2/rail-a 100 Mb/s (declared) x 0.92"
  std::string source;      ///< "declared in stage.yaml", "sysfs", ...
  double threshold = 0;    ///< t: least share of `rate` that is ok
};

/// One result of one rule.
struct Finding {
  std::string rule;  ///< "X03", "path" for localisation
  Verdict verdict = Verdict::unobservable;
  Subject subject;
  std::vector<Subject> ambiguity;  ///< when more than one culprit fits: all of them, subject first
  std::string message;             ///< one sentence: who, what is claimed, what is there
  std::string next_step;           ///< one sentence: what to do
  std::optional<ClaimRef> claim;
  std::vector<Evidence> evidence;
  std::string measurement;  ///< Outcome::key() of the telling measurement; may be empty
  std::optional<Expectation> expectation;
  std::string tier;  ///< A | B | C: rights that the check needs
};

}  // namespace plumbline
