#include <algorithm>
#include <set>

#include "netcheck/rdma/published.hpp"
#include "netcheck/rdma/rdma_rules.hpp"
#include "netcheck/rules/pod_view.hpp"
#include "netcheck/rules/quote.hpp"

namespace plumbline::netcheck {
namespace {

/// An RDMA device that claims give to a pod.
struct GivenRdma {
  Given given;
  Published published;
  const RdmaDevice* device = nullptr;  ///< null: the node shows none for it
};

std::vector<GivenRdma> given_rdma(const Facts& facts, const PodView& view) {
  std::vector<GivenRdma> all;
  for (const Given& given : view.given) {
    const AllocatedDevice& one = given.device();
    if (one.admin_access) continue;
    const auto published = find_published(facts, one.driver, one.pool, one.device);
    if (!published || !is_published_rdma(*published)) continue;
    all.push_back({given, *published, rdma_of(facts, *view.node, *published)});
  }
  return all;
}

/// A device plugin names what it gives by itself (a PCI address, an interface, or a made-up number
/// of a shared device): what a pod with such a resource may have is not known by name.
bool holds_by_plugin(const PodView& view) {
  if (!view.node->holdings || view.pod == nullptr) return false;
  const auto& all = view.node->holdings->holdings;
  return std::any_of(all.begin(), all.end(), [&](const Holding& one) {
    return one.pod_name == view.pod->meta.name && one.pod_namespace == view.pod->meta.name_space &&
           one.driver.empty() && !one.resource.empty();
  });
}

Finding begin(const PodView& view, Verdict verdict) {
  Finding finding;
  finding.rule = "X04";
  finding.tier = "C";
  finding.verdict = verdict;
  finding.subject = {"pod", view.name, view.node_name, ""};
  if (!view.given.empty()) {
    finding.claim = quote_claim(*view.given.front().claim);
  } else if (view.pod != nullptr) {
    finding.claim = quote_pod(*view.pod);
  }
  if (view.sandbox != nullptr && view.sandbox->rdma_devices) {
    const auto& there = *view.sandbox->rdma_devices;
    finding.evidence.push_back(
        {"uverbs nodes in the mount namespace of pod " + view.name + " on " + view.node_name,
         there.empty() ? "none" : listed(there), ""});
  }
  return finding;
}

std::string title(const PodView& view) { return "Pod " + view.name + " on " + view.node_name; }

Finding unseen(const PodView& view, const std::string& device) {
  Finding finding = begin(view, Verdict::unobservable);
  finding.message =
      title(view) + " was given " + device +
      " as RDMA, but whether it can open it could not be seen: " + view.sandbox->rdma_problem + ".";
  finding.next_step =
      "Give the agent on " + view.node_name + " the rights of tier C (hostPID, CAP_SYS_PTRACE).";
  return finding;
}

Finding lacking(const PodView& view, const std::string& device) {
  Finding finding = begin(view, Verdict::violation);
  finding.message = title(view) + " was given " + device +
                    " as RDMA, but there is no uverbs node " +
                    "of it in the pod: no process there can make a queue pair on it.";
  finding.next_step = "See that the driver on " + view.node_name +
                      " adds /dev/infiniband/uverbs* of the device to the pod (CDI), then restart "
                      "the pod.";
  return finding;
}

Finding taken(const PodView& view, const std::string& device, const std::string& owner) {
  Finding finding = begin(view, Verdict::violation);
  finding.message = title(view) + " can open RDMA device " + device +
                    ", which it was not given: it was given to " + owner + ".";
  finding.next_step = "Find out how /dev/infiniband came into pod " + view.name +
                      " (hostPath, privileged container) and take it out.";
  return finding;
}

/// The claim that would give it the device may be one that was not read.
Finding doubted(const PodView& view, const std::string& device, const std::string& lacks) {
  Finding finding = begin(view, Verdict::unobservable);
  finding.message = title(view) + " can open RDMA device " + device +
                    ", but whether it was given it cannot be told: " + lacks + ".";
  finding.next_step = how_to_read(view.pod == nullptr ? "Pod" : "ResourceClaim");
  return finding;
}

Finding unclaimed(const PodView& view, const std::string& device, const std::string& to_whom) {
  Finding finding = begin(view, Verdict::unclaimed);
  finding.message = title(view) + " can open RDMA device " + device +
                    ", which no claim and no device plugin gave to it or " + to_whom + ".";
  finding.next_step = "Claim the device for the pod, or take /dev/infiniband out of it.";
  return finding;
}

Finding held(const PodView& view, const std::vector<std::string>& devices) {
  Finding finding = begin(view, Verdict::match);
  finding.message = title(view) +
                    " has the uverbs nodes of what it was given as RDMA: " + listed(devices) +
                    ", and of nothing else.";
  finding.next_step = "Nothing to do.";
  return finding;
}

/// Who was given an RDMA device of a node: "pod a/b by claim a/c"; empty: nobody.
std::string owner_of(const Facts& facts, const NodeFacts& node, const std::string& device) {
  for (const Published& published : published_devices(facts, node.node)) {
    if (!is_published_rdma(published)) continue;
    const RdmaDevice* real = rdma_of(facts, node, published);
    if (real == nullptr || real->name != device) continue;
    const auto owners = owners_of(facts, published);
    if (!owners.empty()) return listed(owners);
  }
  return {};
}

std::vector<Finding> check(const Facts& facts, const PodView& view) {
  if (view.node == nullptr || !view.node->topology || view.sandbox == nullptr) return {};
  const auto given = given_rdma(facts, view);
  if (!view.sandbox->rdma_devices) {
    if (given.empty() || view.sandbox->rdma_problem.empty()) return {};
    return {unseen(view, text_of(given.front().given.device()))};
  }
  const std::set<std::string> there(view.sandbox->rdma_devices->begin(),
                                    view.sandbox->rdma_devices->end());
  std::vector<Finding> findings;
  std::vector<std::string> good;
  std::set<std::string> own;
  for (const GivenRdma& one : given) {
    if (one.device == nullptr) continue;  // X20 tells of what the node does not have
    own.insert(one.device->name);
    const std::string words = one.device->name + " (" + text_of(one.given.device()) + ")";
    if (there.contains(one.device->name)) {
      good.push_back(words);
    } else {
      findings.push_back(lacking(view, words));
    }
  }
  for (const std::string& device : there) {
    if (own.contains(device)) continue;
    const std::string owner = owner_of(facts, *view.node, device);
    if (owner.empty() && holds_by_plugin(view)) continue;
    const std::string lacks = unread_claims(facts, view);
    if (!lacks.empty()) {
      findings.push_back(doubted(view, device, lacks));
    } else if (!owner.empty()) {
      findings.push_back(taken(view, device, owner));
    } else {
      const bool all = unread(*facts.claims, "ResourceClaim").empty();
      findings.push_back(
          unclaimed(view, device, all ? "to anybody" : "to anybody by what was read"));
    }
  }
  if (findings.empty() && !good.empty()) findings.push_back(held(view, good));
  return findings;
}

}  // namespace

std::vector<Finding> x04_rdma_given(const Facts& facts) {
  std::vector<Finding> findings;
  if (!facts.claims) return findings;
  for (const PodView& view : pod_views(facts)) {
    const auto found = check(facts, view);
    findings.insert(findings.end(), found.begin(), found.end());
  }
  return findings;
}

}  // namespace plumbline::netcheck
