#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/netcheck/rules/claims_yaml.hpp"
#include "tests/netcheck/rules/rack_facts.hpp"

namespace plumbline::netcheck {
namespace {

using Catch::Matchers::ContainsSubstring;

std::string policy_yaml(const std::string& policy, const std::string& scope = "container") {
  return "---\napiVersion: topology.node.k8s.io/v1alpha2\nkind: NodeResourceTopology\nmetadata: "
         "{name: "
         "n1, uid: un}\nattributes: [{name: topologyManagerPolicy, value: " +
         policy + "}, {name: topologyManagerScope, value: " + scope +
         "}]\nzones: [{name: node-0, type: Node, resources: [{name: x.io/nic, capacity: 2}]}, "
         "{name: node-1, type: Node, resources: [{name: x.io/nic, capacity: '2'}]}]\n";
}

Holding plugin(const std::string& container, const std::string& device, std::vector<int> numa) {
  Holding holding;
  holding.pod_namespace = "ns";
  holding.pod_name = "p";
  holding.container = container;
  holding.resource = "x.io/nic";
  holding.device = device;
  holding.numa = std::move(numa);
  return holding;
}

/// A node of two NUMA nodes with two CPUs each; container c has CPUs 0 and 1 for itself.
Facts node_with(const std::string& yaml, const std::vector<Holding>& holdings) {
  Facts facts = claims_of(yaml);
  Topology topology;
  topology.node = "n1";
  topology.numa_nodes = {{0, {0, 1}, {}}, {1, {2, 3}, {}}};
  PciDevice device;
  device.address = "0000:81:00.0";
  device.numa = 1;
  topology.pci_devices = {device};
  const NodeHoldings held{"n1", "kubelet.sock", holdings, {{"ns", "p", "c", {0, 1}, {}}}};
  facts.nodes.push_back({"n1", topology, "", held, ""});
  return facts;
}

Finding judged(const std::string& policy, const std::vector<Holding>& holdings, Verdict verdict) {
  const Facts facts = node_with(policy, holdings);
  const Finding finding = the_only(x07_kubelet_alignment(facts), verdict);
  check_quotes(facts, {finding});
  return finding;
}

}  // namespace

TEST_CASE("X07 matches what the kubelet put on the one NUMA node that it promised") {
  const Finding finding =
      judged(policy_yaml("single-numa-node"), {plugin("c", "nic-0", {0})}, Verdict::match);
  CHECK(finding.claim->value == "single-numa-node");
  CHECK_THAT(finding.message, ContainsSubstring("cpus 0,1"));
}

TEST_CASE("X07: one node was promised and the container is on two") {
  const Finding by_hint =
      judged(policy_yaml("single-numa-node"), {plugin("c", "nic-0", {1})}, Verdict::violation);
  CHECK_THAT(by_hint.message, ContainsSubstring("promised one node"));
  judged(policy_yaml("single-numa-node"), {plugin("c", "0000:81:00.0", {0})}, Verdict::violation);
}

TEST_CASE("X07: the policy decides what a spread is worth") {
  const std::vector<Holding> apart{plugin("c", "nic-0", {1})};
  judged(policy_yaml("best-effort"), apart, Verdict::preference_not_met);
  judged(policy_yaml("none"), apart, Verdict::unclaimed);
  judged(policy_yaml("restricted"), apart, Verdict::violation);
  judged(policy_yaml("restricted"),
         {plugin("c", "a", {0}), plugin("c", "b", {0}), plugin("c", "d", {1})}, Verdict::match);
}

TEST_CASE("X07: restricted cannot be judged without what a node has to give") {
  Facts facts = node_with(policy_yaml("restricted"), {plugin("c", "nic-0", {1})});
  facts.claims->policies[0].zones.clear();
  CHECK(with(x07_kubelet_alignment(facts), Verdict::unobservable).size() == 1);
}

TEST_CASE("X07: a plugin that tells no NUMA node makes the promise worthless") {
  const Finding finding =
      judged(policy_yaml("single-numa-node"), {plugin("c", "shared-3", {})}, Verdict::vacuous);
  CHECK_THAT(finding.message, ContainsSubstring("x.io/nic shared-3"));
}

TEST_CASE("X07: a pod's containers count together only in the scope of the pod") {
  const std::vector<Holding> other{plugin("d", "nic-0", {1}), plugin("d", "nic-1", {1})};
  CHECK(all_match(x07_kubelet_alignment(node_with(policy_yaml("single-numa-node"), other))));
  judged(policy_yaml("single-numa-node", "pod"), other, Verdict::violation);
}

TEST_CASE("X07 takes the policy of the kubelet's own file where no object tells one") {
  Facts facts = node_with(pod_yaml("p", "n1", ""), {plugin("c", "nic-0", {1})});
  KubeletState state;
  state.topology_policy = "single-numa-node";
  facts.nodes[0].holdings->state = state;
  const Finding finding = the_only(x07_kubelet_alignment(facts), Verdict::violation);
  check_quotes(facts, {finding});
  CHECK(finding.claim->kind == "Pod");
  CHECK_THAT(finding.evidence.front().value, ContainsSubstring("single-numa-node"));
}

TEST_CASE("X07 says nothing of nodes whose policy or kubelet it does not know") {
  CHECK(x07_kubelet_alignment(node_with("", {plugin("c", "nic-0", {1})})).empty());
  Facts facts = node_with(policy_yaml("single-numa-node"), {plugin("c", "nic-0", {1})});
  facts.nodes[0].holdings.reset();
  CHECK(x07_kubelet_alignment(facts).empty());
}

TEST_CASE("X08 tells where claimed devices are beside the pod's own CPUs, and accuses nobody") {
  const auto claimed = [](const std::string& device) {
    return node_with(
        slice_yaml("gpu.nvidia.com", "n1", "gpu-0 numaNode=0\ngpu-1 numaNode=1\n") +
            "---\napiVersion: resource.k8s.io/v1\nkind: ResourceClaim\nmetadata: {namespace: ns, "
            "name: "
            "c, uid: uc}\nstatus:\n  reservedFor: [{resource: pods, name: p}]\n  allocation:\n    "
            "devices: {results: [{request: g, driver: gpu.nvidia.com, pool: n1, device: " +
            device +
            "}]}\n    nodeSelector: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, "
            "operator: In, values: [n1]}]}]}\n",
        {});
  };
  const Finding far = the_only(x08_claims_and_cpus(claimed("gpu-1")), Verdict::unclaimed);
  CHECK_THAT(far.message, ContainsSubstring("on another"));
  check_quotes(claimed("gpu-1"), {far});
  const Finding near = the_only(x08_claims_and_cpus(claimed("gpu-0")), Verdict::unclaimed);
  CHECK_THAT(near.message, ContainsSubstring("on the same node"));
}

}  // namespace plumbline::netcheck
