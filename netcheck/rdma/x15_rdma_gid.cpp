#include "netcheck/rdma/gids.hpp"
#include "netcheck/rdma/published.hpp"
#include "netcheck/rdma/rdma_rules.hpp"
#include "netcheck/rules/pod_view.hpp"
#include "netcheck/rules/quote.hpp"

namespace plumbline::netcheck {
namespace {

Finding begin(const PodView& view, const Given& given) {
  Finding finding;
  finding.rule = "X15";
  finding.tier = "A";
  finding.subject = {"pod", view.name, view.node_name, ""};
  ClaimRef claim = quote_given(given);
  claim.path = "status.devices[" + std::to_string(given.index) + "].networkData.ips";
  claim.value = listed(given.device().addresses);
  finding.claim = std::move(claim);
  return finding;
}

bool is_infiniband(const RdmaDevice& device) {
  return !device.ports.empty() && device.ports.front().link_layer == "InfiniBand";
}

std::string gids_text(const RdmaDevice& device) {
  std::vector<std::string> texts;
  for (const RdmaPort& port : device.ports) {
    for (const RdmaGid& gid : port.gids)
      texts.push_back(gid.gid);
  }
  return texts.empty() ? "all GIDs are zero" : listed(texts);
}

Finding judge(Finding finding, const PodView& view, const Given& given, const RdmaDevice& device) {
  const std::string node = view.node->node;
  finding.evidence.push_back(
      {"/sys/class/infiniband/" + device.name + " of " + node, gids_text(device), ""});
  for (const std::string& address : given.device().addresses) {
    if (has_gid_of(device, address)) continue;
    finding.verdict = Verdict::violation;
    finding.message = "Claim " + full_name(given.claim->meta) + " gives pod " + view.name + " " +
                      device.name + " on " + node + " with address " + address +
                      ", but its port has no RoCE v2 GID of that address: nothing reaches the pod "
                      "over RDMA there.";
    finding.next_step =
        "Look whether the address is on the device's network interface in the pod, "
        "and whether that interface is up; then restart pod " +
        view.name + ".";
    return finding;
  }
  finding.verdict = Verdict::match;
  finding.message = "Claim " + full_name(given.claim->meta) + " gives pod " + view.name + " " +
                    device.name + " on " + node + ", and its port has a GID of each address.";
  finding.next_step = "Nothing to do.";
  return finding;
}

std::optional<Finding> check(const Facts& facts, const PodView& view, const Given& given) {
  const AllocatedDevice& device = given.device();
  const auto published = find_published(facts, device.driver, device.pool, device.device);
  if (device.addresses.empty() || !published || !is_published_rdma(*published)) return std::nullopt;
  Finding finding = begin(view, given);
  if (view.node == nullptr || !view.node->topology) return std::nullopt;  // X15 says so already
  const RdmaDevice* rdma = rdma_of(facts, *view.node, *published);
  if (rdma != nullptr && is_infiniband(*rdma)) return std::nullopt;
  if (rdma != nullptr) return judge(std::move(finding), view, given, *rdma);
  const auto& host = view.node->topology->rdma_host;
  if (host && host->netns_mode != "exclusive") return std::nullopt;  // lost: X20 says so
  finding.verdict = Verdict::unobservable;
  finding.message = "Whether the RDMA device that claim " + full_name(given.claim->meta) +
                    " gives pod " + view.name + " has a GID of its address is not known: it is " +
                    "not in the network namespace that the agent on " + view.node_name + " sees.";
  finding.next_step = "Run the inventory inside the pod.";
  return finding;
}

}  // namespace

std::vector<Finding> x15_rdma_gid(const Facts& facts) {
  std::vector<Finding> findings;
  if (!facts.claims || facts.nodes.empty()) return findings;
  for (const PodView& view : pod_views(facts)) {
    for (const Given& given : view.given) {
      if (auto finding = check(facts, view, given)) findings.push_back(std::move(*finding));
    }
  }
  return findings;
}

}  // namespace plumbline::netcheck
