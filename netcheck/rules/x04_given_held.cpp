#include <algorithm>
#include <set>

#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/pod_view.hpp"
#include "netcheck/rules/quote.hpp"
#include "netcheck/rules/rules.hpp"

namespace plumbline::netcheck {
namespace {

Finding begin(const PodView& view, const std::string& rail, const char* tier) {
  Finding finding;
  finding.rule = "X04";
  finding.tier = tier;
  finding.subject = {"pod", view.name, view.node_name, rail};
  if (!view.given.empty()) {
    finding.claim = quote_claim(*view.given.front().claim);
  } else if (view.pod != nullptr) {
    finding.claim = quote_pod(*view.pod);
  }
  if (view.sandbox != nullptr && view.sandbox->devices) {
    for (const NetworkDevice& device : *view.sandbox->devices) {
      finding.evidence.push_back(
          {source_of(*view.node, {&device, view.sandbox, nullptr}), describe(device), ""});
    }
  }
  return finding;
}

std::string title(const PodView& view) { return "Pod " + view.name + " on " + view.node_name; }

Finding unseen(const PodView& view, const std::string& reason, const std::string& next_step) {
  Finding finding = begin(view, "", "C");
  finding.verdict = Verdict::unobservable;
  finding.message = title(view) + " was given " + text_of_given(view) +
                    ", but whether it holds that could not be seen: " + reason + ".";
  finding.next_step = next_step;
  return finding;
}

std::string owners_text(const Facts& facts, const Published& published) {
  const auto owners = owners_of(facts, published);
  if (!owners.empty()) return "it was given to " + listed(owners);
  return unread(*facts.claims, "ResourceClaim").empty()
             ? "no claim gives it to any pod"
             : "no claim that was read gives it to any pod";
}

/// Published devices in the pod's own network namespace that nobody gave it.
std::vector<Finding> foreign(const Facts& facts, const PodView& view) {
  std::vector<Finding> findings;
  if (view.sandbox == nullptr || !view.sandbox->devices) return findings;
  for (const Published& published : published_devices(facts, view.node_name)) {
    const auto place = locate(facts, *view.node, published);
    if (!place || place->sandbox != view.sandbox || is_given(view, published, *place)) continue;
    Finding finding = begin(view, rail_of(facts, published, place), "C");
    finding.verdict = Verdict::violation;
    if (!finding.claim) finding.claim = quote_device(published, "");
    const std::string has = view.given.empty() ? "no claim gives it any network device"
                                               : "its claims give it " + text_of_given(view);
    finding.message = title(view) + " holds " + place->network->name + " (" +
                      published.slice->driver + "/" + published.slice->pool + "/" +
                      published.device->name + "), which it was not given: " + has + ", and " +
                      owners_text(facts, published) + ".";
    finding.next_step = "Stop pod " + view.name + " and see that " + place->network->name +
                        " comes back to " + view.node_name +
                        "; then find out who moved it there (privileged pod, CNI plugin, hand).";
    findings.push_back(std::move(finding));
  }
  return findings;
}

enum class Seen { held, taken, missing, hidden };

/// What became of one given device, and where it is.
struct Trace {
  Seen seen = Seen::held;
  std::string where;
};

Trace trace(const Facts& facts, const PodView& view, const Given& given) {
  const AllocatedDevice& device = given.device();
  const auto published = find_published(facts, device.driver, device.pool, device.device);
  std::optional<Place> place;
  if (published) place = locate(facts, *view.node, *published);
  if (view.holds(given, published, place)) return {Seen::held, ""};
  if (!published) return {Seen::hidden, "no slice describes it (its pool was published anew)"};
  if (place && place->sandbox != nullptr) {
    const std::string other = place->sandbox->pod_namespace + "/" + place->sandbox->pod_name;
    return {Seen::taken, "it is in the network namespace of pod " + other};
  }
  if (place) return {Seen::missing, "it is still in the node's own network namespace"};
  const auto closed = unseen_places(facts, *view.node);
  if (!closed.empty()) return {Seen::hidden, "not all could be looked at (" + listed(closed) + ")"};
  return {Seen::missing, "it is nowhere on the node"};
}

Finding lacking(const Facts& facts, const PodView& view, const Given& given, const Trace& found) {
  const AllocatedDevice& device = given.device();
  const auto published = find_published(facts, device.driver, device.pool, device.device);
  Finding finding = begin(view, published ? rail_of(facts, *published, std::nullopt) : "", "C");
  finding.verdict = Verdict::violation;
  finding.claim = quote_given(given);
  finding.message = title(view) + " was given " + text_of(device) + " by claim " +
                    full_name(given.claim->meta) + ", but does not have it: " + found.where + ".";
  finding.next_step = "Look at the log of driver " + device.driver + " on " + view.node_name +
                      " for claim " + full_name(given.claim->meta) + ", then restart the pod.";
  return finding;
}

std::set<std::string> claimed_devices(const PodView& view) {
  std::set<std::string> devices;
  for (const Given& given : view.given)
    devices.insert(text_of(given.device()));
  return devices;
}

std::string set_text(const std::set<std::string>& devices) {
  if (devices.empty()) return "nothing";
  return listed({devices.begin(), devices.end()});
}

/// The kubelet of the pod's node says something else than the claims.
std::vector<Finding> disagreement(const Facts& facts, const PodView& view) {
  if (!view.node->holdings || view.pod == nullptr || view.pod->phase != "Running") return {};
  const auto kubelet = kubelet_devices(facts, view);
  const auto claims = claimed_devices(view);
  if (!kubelet || *kubelet == claims) return {};
  Finding finding = begin(view, "", "A");
  finding.verdict = Verdict::violation;
  finding.message = title(view) + " holds " + set_text(*kubelet) +
                    " by the kubelet's word, but its claims give it " + set_text(claims) + ".";
  finding.next_step =
      "Compare the kubelet's pod resources on " + view.node_name +
      " with the pod's ResourceClaims; restart the pod if its claim was given anew.";
  finding.evidence.push_back({"kubelet of " + view.node_name + ", " + view.node->holdings->source,
                              set_text(*kubelet), ""});
  return {finding};
}

Finding held(const PodView& view) {
  Finding finding = begin(view, "", view.host_network() ? "A" : "C");
  finding.verdict = Verdict::match;
  finding.message = title(view) + " has what it was given: " + text_of_given(view) + ".";
  if (view.host_network()) {
    finding.message +=
        " It shares the node's network namespace, so whether it has it alone is not judged.";
  }
  finding.next_step = "Nothing to do.";
  return finding;
}

/// What accuses the pod by a claim that does not give it something, when not all claims were read.
Finding doubted(const PodView& view, const Finding& accusation, const std::string& lacks) {
  Finding finding = begin(view, "", "A");
  finding.verdict = Verdict::unobservable;
  finding.evidence = accusation.evidence;
  finding.message = title(view) + " has more than the claims that were read give it (" +
                    text_of_given(view) +
                    "), but whether it was given that cannot be told: " + lacks + ".";
  finding.next_step = how_to_read(view.pod == nullptr ? "Pod" : "ResourceClaim");
  return finding;
}

/// Why the pod cannot be looked at, as a finding; nothing when it can.
std::optional<Finding> blocked(const PodView& view) {
  if (view.node == nullptr || !view.node->topology) {
    const std::string reason = view.node == nullptr || view.node->topology_problem.empty()
                                   ? "nothing was recorded from this node"
                                   : view.node->topology_problem;
    return unseen(view, reason, "Make " + view.node_name + " answer and run again.");
  }
  if (view.host_network()) return std::nullopt;
  if (view.sandbox == nullptr) {
    return unseen(view, "no CNI result on the node tells of its network namespace",
                  "See that the agent may read the CNI result cache (--cni-results) on " +
                      view.node_name + ".");
  }
  if (view.sandbox->devices) return std::nullopt;
  return unseen(view, view.sandbox->problem,
                "Give the agent on " + view.node_name +
                    " the rights of tier C (to enter network namespaces).");
}

std::vector<Finding> check(const Facts& facts, const PodView& view) {
  const bool waiting =
      view.pod != nullptr && view.pod->phase != "Running" && view.sandbox == nullptr;
  if (waiting && view.node != nullptr && view.node->topology) return {};
  if (auto finding = blocked(view)) {
    if (view.given.empty()) return {};
    return {*finding};
  }
  std::vector<Finding> findings = foreign(facts, view);
  const auto differing = disagreement(facts, view);
  findings.insert(findings.end(), differing.begin(), differing.end());
  const std::string lacks = findings.empty() ? "" : unread_claims(facts, view);
  if (!lacks.empty()) findings = {doubted(view, findings.front(), lacks)};
  std::string hidden;
  bool taken = false;
  for (const Given& given : view.given) {
    if (given.device().admin_access) continue;
    const Trace found = trace(facts, view, given);
    if (found.seen == Seen::missing) findings.push_back(lacking(facts, view, given, found));
    if (found.seen == Seen::hidden) hidden = text_of(given.device()) + ": " + found.where;
    // The pod that has it is accused by its own finding; this one lost it without fault.
    taken = taken || found.seen == Seen::taken;
  }
  if (!findings.empty() || taken || view.given.empty()) return findings;
  if (!hidden.empty()) return {unseen(view, hidden, "Read the slices again and run again.")};
  if (!view.node->holdings) {
    return {unseen(view, "the kubelet's word is missing: " + view.node->holdings_problem,
                   "Make the kubelet's PodResources socket readable for the agent on " +
                       view.node_name + ".")};
  }
  return {held(view)};
}

}  // namespace

std::vector<Finding> x04_given_held(const Facts& facts) {
  if (!facts.claims) return without_claims(facts, "X04", "C");
  if (facts.nodes.empty()) {
    if (facts.claims->claims.empty()) return {};
    return without_nodes(facts, "X04", "C", "Whether pods hold the devices that they were given");
  }
  std::vector<Finding> findings;
  for (const PodView& view : pod_views(facts)) {
    const auto found = check(facts, view);
    findings.insert(findings.end(), found.begin(), found.end());
  }
  return findings;
}

}  // namespace plumbline::netcheck
