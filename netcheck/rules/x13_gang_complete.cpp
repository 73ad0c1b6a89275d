#include <set>

#include "netcheck/rules/gangs.hpp"
#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/quote.hpp"
#include "netcheck/rules/rules.hpp"

namespace plumbline::netcheck {
namespace {

/// How far the members of a gang have come.
struct Progress {
  std::int64_t placed = 0;  ///< bound and not ended, or succeeded
  std::int64_t active = 0;  ///< bound and not ended
  std::vector<std::string> lacking;
  std::vector<Evidence> evidence;
};

Progress progress_of(const Gang& gang) {
  Progress progress;
  for (const PodClaim* pod : gang.members) {
    const bool active = !pod->node.empty() && !ended(*pod);
    progress.active += active ? 1 : 0;
    const bool placed = active || pod->phase == "Succeeded";
    progress.placed += placed ? 1 : 0;
    const std::string where = pod->node.empty() ? "not bound" : "on " + pod->node;
    if (!placed)
      progress.lacking.push_back(full_name(pod->meta) + " (" + pod->phase + ", " + where + ")");
    progress.evidence.push_back({"Pod " + full_name(pod->meta) + " spec.nodeName, status.phase",
                                 where + ", " + pod->phase, ""});
  }
  return progress;
}

Finding begin(const Gang& gang) {
  Finding finding;
  finding.rule = "X13";
  finding.tier = "A";
  finding.subject = {"gang", gang.name, "", ""};
  if (gang.claim != nullptr) finding.claim = quote_gang(*gang.claim, true);
  return finding;
}

Finding unseen(const Gang& gang, const std::string& reason) {
  Finding finding = begin(gang);
  finding.verdict = Verdict::unobservable;
  finding.message = "Whether gang " + gang.name + " is complete cannot be told: " + reason + ".";
  finding.next_step = gang.claim == nullptr
                          ? "Read all pods and PodGroups of the cluster and run again."
                          : how_to_read("Pod");
  return finding;
}

/// `missing`: why members may be there that were not read; empty: all were.
Finding check(const Gang& gang, const std::string& missing) {
  Finding finding = begin(gang);
  const Progress progress = progress_of(gang);
  finding.evidence = progress.evidence;
  const std::string least = std::to_string(gang.claim->least_members) +
                            (gang.claim->least_members == 1 ? " member" : " members");
  const std::string placed = std::to_string(progress.placed);
  const bool enough_read =
      static_cast<std::int64_t>(gang.members.size()) >= gang.claim->least_members;
  if (progress.active == 0 && !missing.empty() && !enough_read) {
    return unseen(gang, (gang.members.empty() ? std::string("none of its members was read")
                                              : "none of those that were read is on a node") +
                            ", and " + missing);
  }
  if (progress.active == 0) {
    finding.verdict = Verdict::vacuous;
    finding.message = "Gang " + gang.name + " needs " + least +
                      " together and has none on a node, so nothing is proven.";
    finding.next_step = "Look at why it waits (kubectl describe podgroup), if it should run.";
  } else if (progress.placed < gang.claim->least_members && !missing.empty()) {
    return unseen(gang, "it needs " + least + ", " + placed +
                            " stand on nodes by what was read, and " + missing);
  } else if (progress.placed < gang.claim->least_members) {
    const bool drifted = !gang.claim->lost_nodes.empty();
    finding.verdict = drifted ? Verdict::drift : Verdict::violation;
    if (drifted) {
      finding.evidence.push_back(
          {"its workload's unhealthy nodes", listed(gang.claim->lost_nodes), ""});
    }
    finding.message =
        "Gang " + gang.name + " needs " + least + " together but only " + placed + " are on nodes";
    if (!progress.lacking.empty()) finding.message += ", missing " + listed(progress.lacking);
    finding.message += ".";
    finding.next_step =
        "Stop the gang and schedule it whole; those that run now hold devices for nothing.";
  } else {
    finding.verdict = Verdict::match;
    finding.message = "Gang " + gang.name + " is complete: " + placed + " members placed, " +
                      std::to_string(gang.claim->least_members) + " needed.";
    finding.next_step = "Nothing to do.";
  }
  return finding;
}

}  // namespace

std::vector<Finding> x13_gang_complete(const Facts& facts) {
  if (!facts.claims) return without_claims(facts, "X13", "A");
  std::vector<Finding> findings;
  std::set<std::string> done;
  const ClaimIndex index(facts);
  for (const Gang& gang : gangs(index)) {
    // A gang with several topology keys stands there once for each.
    const std::string kind = gang.claim == nullptr ? "" : gang.claim->kind + " ";
    if (!done.insert(kind + gang.name).second || all_ended(gang)) continue;
    if (gang.claim != nullptr && !gang.claim->admitted) continue;
    if (gang.claim == nullptr) {
      findings.push_back(unseen(gang, "its pods name it, but its object was not read"));
    } else if (gang.claim->least_members > 0) {
      const AllocationView& view = *facts.claims;
      findings.push_back(check(gang, view.pods.empty()
                                         ? "no pods were read"
                                         : unread(view, "Pod", gang.claim->meta.name_space)));
    }
  }
  return findings;
}

}  // namespace plumbline::netcheck
