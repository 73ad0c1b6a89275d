#include <algorithm>
#include <cmath>

#include "core/units.hpp"
#include "netcheck/lookup.hpp"
#include "netcheck/rdma/rdma_rules.hpp"

namespace plumbline::netcheck {
namespace {

constexpr double kHeaders = 0.02;  // of a library's protocol over the same packets

/// The number of our own verbs that stands beside a library's: of the same ends, size and
/// direction, a send before a write before anything else. Null when there is none.
const Outcome* own_beside(const std::vector<const Outcome*>& outcomes, const Outcome& other) {
  const Outcome* best = nullptr;
  int worth = 0;
  for (const Outcome* one : outcomes) {
    if (one->probe != other.probe || one->measured() == nullptr) continue;
    const bool same = one->from == other.from && one->to == other.to &&
                      parameter(*one, "size") == parameter(other, "size") &&
                      parameter(*one, "direction") == parameter(other, "direction") &&
                      parameter(*one, "library").empty();
    if (!same) continue;
    const std::string operation = parameter(*one, "operation");
    const int here = operation == "send" ? 3 : operation == "read" ? 1 : 2;
    if (here > worth) best = one;
    worth = std::max(worth, here);
  }
  return best;
}

/// True for the interval of too few batches, which everything lies in.
bool is_open(const Measured& number) {
  return !std::isfinite(number.interval.high) || number.batches.size() == 1;
}

bool agree(const Measured& own, const Measured& other) {
  const bool meet =
      own.interval.low <= other.interval.high && other.interval.low <= own.interval.high;
  return meet || std::abs(own.value - other.value) <= kHeaders * std::max(own.value, other.value);
}

std::string words_of(const Measured& number) {
  return format_rate({number.value}) + " (" + format_rate({number.interval.low}) + " to " +
         format_rate({number.interval.high}) + ")";
}

bool is_proven(const Measured& number) {
  return !number.proof.empty() && std::all_of(number.proof.begin(), number.proof.end(),
                                              [](const Proof& proof) { return proof.holds; });
}

Finding begin(const Outcome& other) {
  Finding finding;
  finding.rule = "second_opinion";
  finding.tier = "A";
  const std::string name =
      other.from.node + "/" + other.from.device + " -> " + other.to.node + "/" + other.to.device;
  finding.subject = {"link", name, "", other.from.rail};
  finding.measurement = other.key();
  finding.next_step = "Nothing to do.";
  return finding;
}

Finding missing(const Outcome& other, const std::string& why) {
  Finding finding = begin(other);
  finding.verdict = Verdict::unobservable;
  finding.message = "There is no second opinion by " + parameter(other, "library") + " on " +
                    finding.subject.name + ": " + why + ".";
  finding.next_step = "Look at the library's own words, or measure without a second opinion.";
  return finding;
}

Finding compared(const Outcome& own, const Outcome& other) {
  const Measured& ours = *own.measured();
  const Measured& theirs = *other.measured();
  const std::string library = parameter(other, "library");
  Finding finding = begin(other);
  finding.verdict = agree(ours, theirs) ? Verdict::match : Verdict::unclaimed;
  finding.evidence.push_back({own.key(), words_of(ours), own.finished_at});
  finding.evidence.push_back({other.key(), words_of(theirs), other.finished_at});
  const std::string both = "on " + finding.subject.name + " verbs give " + words_of(ours) +
                           " and " + library + " over the same ports " + words_of(theirs);
  if (finding.verdict == Verdict::match) {
    finding.message = "Two libraries agree: " + both + ".";
  } else if (theirs.value < ours.value) {
    finding.message = "The library is slower than the path: " + both + ".";
    finding.next_step = "Look at the settings of " + library + " that applications use here.";
  } else {
    finding.message = "The library is faster than our own number, which is in doubt: " + both + ".";
    finding.next_step = "Measure again with more queue pairs and depth (--queue-pairs, --depths).";
  }
  return finding;
}

}  // namespace

std::vector<Finding> second_opinion(const Facts& facts) {
  const auto outcomes = latest_outcomes(facts);
  std::vector<Finding> findings;
  for (const Outcome* other : outcomes) {
    const bool goodput = other->probe == "pair_goodput" || other->probe == "pair_together";
    if (!goodput || parameter(*other, "library").empty()) continue;
    const Outcome* own = own_beside(outcomes, *other);
    if (const Failed* failed = other->failed()) {
      findings.push_back(missing(*other, failed->error.message));
    } else if (const Skipped* skipped = other->skipped()) {
      findings.push_back(missing(*other, skipped->reason));
    } else if (!is_proven(*other->measured())) {
      findings.push_back(
          missing(*other, "no counter proves that its bytes took the claimed ports"));
    } else if (own != nullptr && (is_open(*own->measured()) || is_open(*other->measured()))) {
      findings.push_back(missing(*other, "there were too few batches for an interval"));
    } else if (own == nullptr) {
      findings.push_back(missing(*other, "verbs measured nothing beside it"));
    } else {
      findings.push_back(compared(*own, *other));
    }
  }
  return findings;
}

}  // namespace plumbline::netcheck
