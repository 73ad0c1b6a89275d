#include "tests/netcheck/rules/rack_facts.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "core/child.hpp"
#include "netcheck/claims/bundle.hpp"
#include "netcheck/claims/read_again.hpp"

namespace plumbline::netcheck {
namespace {

NetworkDevice veth(int node, int number, const std::string& name) {
  NetworkDevice device;
  device.name = name;
  device.mac = "02:70:00:00:0" + std::to_string(node) + ":0" + std::to_string(number);
  device.mtu = 1500;
  device.state = "up";
  device.driver = "veth";
  device.is_virtual = true;
  const std::string subnet =
      number == 3 ? "10.70.33.16"
                  : "10.70." + std::to_string(number) + "." + std::to_string(10 + node);
  device.addresses = {subnet + "/24"};
  return device;
}

PodSandbox loader(const std::string& uid) {
  PodSandbox sandbox;
  sandbox.pod_namespace = "tenant";
  sandbox.pod_name = "loader-0";
  sandbox.pod_uid = uid;
  sandbox.source = "/var/lib/cni/results/storage-1f2e-ens3";
  sandbox.devices = std::vector<NetworkDevice>{veth(6, 3, "ens3")};
  return sandbox;
}

/// What a kubelet says that obeys the claims.
NodeHoldings obedient(const AllocationView& view, const std::string& node) {
  NodeHoldings answer{node, "/run/" + node + "/kubelet.sock", {}, {}};
  for (const PodClaim& pod : view.pods) {
    for (const DeviceClaim& claim : view.claims) {
      const bool its = pod.node == node && pod.resource_claims.front() == claim.meta.name;
      if (!its) continue;
      for (const AllocatedDevice& given : claim.devices) {
        answer.holdings.push_back(
            holding(pod.meta.name_space, pod.meta.name, claim.meta.name, given.pool, given.device));
      }
    }
  }
  return answer;
}

template <typename List, typename Test>
auto& find(List& list, const Test& test, std::string_view what) {
  const auto found = std::find_if(list.begin(), list.end(), test);
  if (found == list.end()) FAIL("the test names nothing: " << what);
  return *found;
}

template <typename List>
auto& object(List& list, std::string_view name) {
  return find(
      list, [&](const auto& o) { return o.meta.name == name; }, name);
}

Outcome pair(const std::string& from, const std::string& to, const std::string& device) {
  Outcome outcome;
  outcome.probe = "pair_goodput";
  const std::string rail = device == "ens1" ? "rail-a" : "rail-b";
  outcome.from = {from, device, rail};
  outcome.to = {to, device, rail};
  outcome.parameters = {{"direction", "one_way"}, {"size", "1048576"}};
  return outcome;
}

}  // namespace

Facts only_claims(const std::string& bundle) {
  Facts facts;
  facts.own_namespace = "plumbline";
  facts.fabric.rack_label = "fabric.topograph.run/tier-0";
  facts.fabric.rails = {{"rail-a", "10.70.1.0/24", {}, {}, {}},
                        {"rail-b", "10.70.2.0/24", {}, {}, {}}};
  auto view = claims::open_bundle(std::string(PLUMBLINE_FIXTURES) + "/" + bundle)
                  ->snapshot(Deadline::never());
  if (!view) FAIL(view.error().message);
  facts.claims = std::move(*view);
  return facts;
}

Facts rack(const std::string& bundle) {
  Facts facts = only_claims(bundle);
  for (int i = 1; i <= 6; ++i) {
    NodeFacts node;
    node.node = "node-" + std::to_string(i);
    node.topology = Topology{};
    node.topology->node = node.node;
    NetworkDevice management = veth(i, 0, "mgmt0");
    node.topology->network_devices = {management, veth(i, 1, "ens1"), veth(i, 2, "ens2")};
    if (i == 6) node.topology->sandboxes = {loader(pod(facts, "loader-0").meta.uid)};
    node.holdings = obedient(*facts.claims, node.node);
    facts.nodes.push_back(std::move(node));
  }
  return facts;
}

NodeFacts& node(Facts& facts, std::string_view name) {
  return find(
      facts.nodes, [&](const NodeFacts& n) { return n.node == name; }, name);
}

NetworkDevice& device(Facts& facts, std::string_view on, std::string_view name) {
  auto& devices = node(facts, on).topology->network_devices;
  return find(
      devices, [&](const NetworkDevice& d) { return d.name == name; }, name);
}

PodSandbox& sandbox(Facts& facts, std::string_view name) {
  for (NodeFacts& node : facts.nodes) {
    for (PodSandbox& sandbox : node.topology->sandboxes) {
      if (sandbox.pod_name == name) return sandbox;
    }
  }
  FAIL("no sandbox " << name);
  return facts.nodes.front().topology->sandboxes.front();
}

SliceDevice& published(Facts& facts, std::string_view on, std::string_view name) {
  SliceClaim& slice = object(facts.claims->slices, std::string(on) + "-dra.net");
  return find(
      slice.devices, [&](const SliceDevice& d) { return d.name == name; }, name);
}

DeviceClaim& claim(Facts& facts, std::string_view name) {
  return object(facts.claims->claims, name);
}
PodClaim& pod(Facts& facts, std::string_view name) { return object(facts.claims->pods, name); }
NodeClaim& node_object(Facts& facts, std::string_view name) {
  return object(facts.claims->nodes, name);
}

NetworkDevice take(Facts& facts, std::string_view on, std::string_view name) {
  NetworkDevice taken = device(facts, on, name);
  std::erase_if(node(facts, on).topology->network_devices,
                [&](const NetworkDevice& d) { return d.name == name; });
  taken.addresses.clear();
  return taken;
}

Holding holding(std::string name_space, std::string pod, std::string claim, std::string node,
                std::string device) {
  Holding holding;
  holding.pod_namespace = std::move(name_space);
  holding.pod_name = std::move(pod);
  holding.container = "main";
  holding.claim = std::move(claim);
  holding.driver = "dra.net";
  holding.pool = std::move(node);
  holding.device = std::move(device);
  return holding;
}

Outcome measured(const std::string& from, const std::string& to, const std::string& device) {
  Outcome outcome = pair(from, to, device);
  outcome.result = Measured{};
  return outcome;
}

Outcome skipped(const std::string& from, const std::string& to, const std::string& device,
                const std::string& reason) {
  Outcome outcome = pair(from, to, device);
  outcome.result = Skipped{reason};
  return outcome;
}

namespace {

/// Adds what a test asked for to the notes of verdict_table.py, when it runs the tests.
void note(const std::vector<Finding>& asked) {
  const auto set = environment_of({"PLUMBLINE_VERDICTS"});
  if (set.empty()) return;
  std::ofstream stream(set.front().substr(set.front().find('=') + 1), std::ios::app);
  for (const Finding& finding : asked) {
    stream << finding.rule << '\t' << to_string(finding.verdict) << '\t'
           << Catch::getResultCapture().getCurrentTestName() << '\n';
  }
}

}  // namespace

std::vector<Finding> with(const std::vector<Finding>& findings, Verdict verdict) {
  std::vector<Finding> found;
  std::copy_if(findings.begin(), findings.end(), std::back_inserter(found),
               [&](const Finding& f) { return f.verdict == verdict; });
  note(found);
  return found;
}

Finding the_only(const std::vector<Finding>& findings, Verdict verdict) {
  const auto found = with(findings, verdict);
  for (const Finding& finding : findings)
    UNSCOPED_INFO(to_string(finding.verdict) << ": " << finding.message);
  REQUIRE(found.size() == 1);
  return found.front();
}

bool all_match(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    if (finding.verdict != Verdict::match) UNSCOPED_INFO(finding.rule << ": " << finding.message);
  }
  return !findings.empty() && with(findings, Verdict::match).size() == findings.size();
}

void check_quotes(const Facts& facts, const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    INFO(finding.rule << ": " << finding.message);
    CHECK_FALSE(finding.message.empty());
    CHECK(finding.message.back() == '.');
    CHECK_FALSE(finding.next_step.empty());
    CHECK_FALSE(finding.subject.name.empty());
    CHECK((finding.tier == "A" || finding.tier == "B" || finding.tier == "C"));
    if (!finding.claim) continue;
    INFO(finding.claim->kind << " " << finding.claim->path);
    CHECK_FALSE(finding.claim->uid.empty());
    CHECK(claims::changed(*finding.claim, *facts.claims).value_or("") == "");
  }
}

}  // namespace plumbline::netcheck
