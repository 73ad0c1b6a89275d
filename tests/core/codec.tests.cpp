#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <random>

#include "core/json/base64.hpp"
#include "core/json/codec.hpp"

using namespace plumbline;

namespace {

Outcome measured_outcome() {
  Outcome outcome;
  outcome.probe = "pair_goodput";
  outcome.from = {"node-1", "ens1", "rail-a"};
  outcome.to = {"node-2", "ens1", "rail-a"};
  outcome.parameters = {{"size", "1048576"}, {"direction", "one_way"}};
  Measured measured;
  measured.value = 23.7e6;
  measured.interval = {23.6e6, 23.8e6};
  measured.conclusive = true;
  measured.median = 23.7e6;
  measured.p5 = 23.5e6;
  measured.batches = {23.6e6, 23.8e6};
  measured.counters = {{"from.retransmits", 3}};
  measured.proof = {{"counter", outcome.from, "tx_bytes", "sent", 1.0, 2.0, 0.5, true}};
  outcome.result = measured;
  outcome.took = {2.5};
  outcome.finished_at = "2026-11-23T06:24:35.123Z";
  return outcome;
}

Topology full_topology() {
  Topology topology;
  topology.node = "node-1";
  topology.boot_id = "b";
  topology.numa_nodes = {{0, {0, 1}, Bytes{1ULL << 34U}}};
  topology.pci_devices = {{"0000:0a:00.0",
                           "network",
                           "0x15b3",
                           "0x1021",
                           "ConnectX",
                           "0000:09:00.0",
                           "pci0000:00",
                           1,
                           "mlx5_core",
                           {32.0, 16, 32.0, 16}}};
  NetworkDevice nic{"ens1",
                    "02:00:00:00:01:01",
                    1500,
                    "up",
                    "veth",
                    true,
                    bits_per_second(1e9),
                    "0000:0a:00.0",
                    "pci0000:00",
                    1,
                    "mlx5_0",
                    {"10.70.1.11/24"},
                    4,
                    {},
                    ""};
  topology.network_devices = {nic};
  topology.sandboxes = {
      {"tenant", "loader-0", "uid", "cni", std::vector{nic}, "", {}, ""},
      {"tenant", "other", "uid2", "cni", std::nullopt, "permission denied", {}, ""}};
  topology.problems = {"no rdma netlink"};
  topology.inside = InsideView{
      {{"/dev/nvidia1", "gpu", "1", "195:1", true, "", false},
       {"/dev/infiniband/uverbs0", "rdma", "mlx5_0", "", false, "Operation not permitted", true}},
      {{"NVIDIA_VISIBLE_DEVICES", "GPU-1"}},
      {0, 1},
      {0},
      {"/proc/devices: denied"}};
  return topology;
}

Report full_report() {
  Report report;
  report.stage = "rack";
  report.run_id = "r1";
  report.verdict = StageVerdict::fail;
  report.because = {"node-3/ens1 is slow"};
  report.coverage = {1, 0.5, 0.25};
  report.nodes = {{"node-1", "rack-1", "cluster 1"}};
  report.rails = {"rail-a"};
  Finding finding;
  finding.rule = "X03";
  finding.verdict = Verdict::violation;
  finding.subject = {"slice", "node-3-dra.net", "node-3", ""};
  finding.ambiguity = {finding.subject};
  finding.message = "m";
  finding.next_step = "n";
  finding.claim = ClaimRef{"ResourceSlice", "s", "u", "1", "spec.devices[0]", "v"};
  finding.evidence = {{"source", "value", "time"}};
  finding.measurement = "key";
  finding.expectation = Expectation{{12.5e6}, "d", "s", 0.9};
  finding.tier = "B";
  report.findings = {finding};
  report.requirements = {{"coverage", "stage", StageVerdict::pass, {"all"}}};
  report.outcomes = {measured_outcome()};
  report.judgements = {{"key", "ok", finding.expectation}, {"other", "no expectation", {}}};
  report.facts = {{"ucx", "1.13.1"}};
  Workloads workloads{"plumbline", "plumbline-r1", "Job", {}, {}, "preempted", {"Job x: refused"}};
  workloads.pods = {{{"Pod", "plumbline/gang-0", "u", "9", "spec.nodeName", "node-1"},
                     "gang",
                     3,
                     "default-scheduler",
                     "then",
                     "Running",
                     "Unschedulable: none fits",
                     "10.0.0.7",
                     {"rdma/hca/ens1"},
                     "deleted"}};
  workloads.controls = {{"negative", ControlState::misbehaved, "e", "s", {"raw"}}};
  report.workloads = workloads;
  return report;
}

}  // namespace

TEST_CASE("An outcome comes back as it went, in each of its three kinds") {
  Outcome outcome = measured_outcome();
  const std::string measured = json::encode(outcome);
  CHECK(measured.find('\n') == std::string::npos);
  CHECK(json::encode(*json::decode_outcome(measured)) == measured);
  CHECK(json::decode_outcome(measured)->key() == outcome.key());
  outcome.result = Skipped{"held by pod tenant/trainer-0"};
  CHECK(json::decode_outcome(json::encode(outcome))->skipped()->reason ==
        "held by pod tenant/trainer-0");
  outcome.result = Failed{{ErrorCode::deadline_exceeded, "hung"}, "node-5"};
  const auto failed = json::decode_outcome(json::encode(outcome));
  CHECK(failed->failed()->error.code == ErrorCode::deadline_exceeded);
  CHECK(failed->failed()->blamed == "node-5");
}

TEST_CASE("An unbounded interval is null and comes back unbounded") {
  Outcome outcome = measured_outcome();
  std::get<Measured>(outcome.result).interval.high = HUGE_VAL;
  const auto back = json::decode_outcome(json::encode(outcome));
  REQUIRE(back.has_value());
  CHECK(std::isinf(back->measured()->interval.high));
}

TEST_CASE("Inventory, holdings, claims, report and requests come back as they went") {
  const std::string topology = json::encode(full_topology());
  CHECK(json::encode(*json::decode_topology(topology)) == topology);
  const NodeHoldings holdings{"node-1",
                              "sock",
                              {{"ns", "p", "c", "", "ens1", "dra.net", "pool", "cl", {0, 1}}},
                              {{"ns", "p", "c", {2, 3}, {1}}}};
  const std::string held = json::encode(holdings);
  CHECK(json::encode(*json::decode_holdings(held)) == held);
  const std::string report = json::encode(full_report());
  const auto back = json::decode_report(report);
  REQUIRE(back.has_value());
  CHECK(json::encode(*back) == report);
  Request request;
  request.probe = "pair";
  request.ends = {{"node-1", "ens1", "rail-a"}, {"node-2", "ens1", "rail-a"}};
  request.sizes = {{65536}, {1048576}};
  request.measure = {"one_way"};
  request.options = {{"cni_results", "/var/lib/cni/results"}};
  const std::string asked = json::encode(request);
  CHECK(json::encode(*json::decode_request(asked)) == asked);
}

namespace {

DeviceClaim full_claim() {
  DeviceClaim claim;
  claim.meta.name = "c";
  claim.allocated = true;
  claim.node = "node-1";
  claim.requests = {{"r", "gpu", 2, true, true, {"device.driver == \"gpu\""}}};
  claim.constraints = {{{"r"}, "x.io/group", true}};
  AllocatedDevice given;
  given.request = "r";
  given.driver = "dra.net";
  given.pool = "node-1";
  given.device = "ens1";
  given.share_id = "share-1";
  given.consumed_capacity = {{"bandwidth", "10G"}};
  given.interface_name = "ens1";
  given.hardware_address = "02:00:00:00:01:01";
  given.addresses = {"a"};
  claim.devices = {given};
  claim.reserved_for = {"p"};
  return claim;
}

PodClaim full_pod() {
  PodClaim pod;
  pod.meta = {"ns", "p", "u", "1", {}};
  pod.node = "node-1";
  pod.phase = "Running";
  pod.host_network = true;
  pod.resource_claims = {"c"};
  pod.gang = "ns/g";
  pod.claim_templates = {"t"};
  pod.extended = {{"x.io/gpu", 8}};
  pod.containers = {{"id", "c"}};
  pod.annotations = {{"pod-group-name", "g"}};
  pod.owner = "Job j";
  pod.rank = 3;
  pod.gated = true;
  pod.unhealthy = {"claim gpu-0"};
  return pod;
}

void add_placements(AllocationView& view) {
  PlacementClaim placement;
  placement.meta = {"ns", "g", "u", "1", {}};
  placement.kind = "PodGroup";
  placement.least_members = 2;
  placement.one_domain = "rack";
  placement.path = "spec";
  placement.form = PlacementForm::slices;
  placement.members = {"ns/p"};
  placement.levels = {"rack"};
  placement.assigned = {{{"r1"}, 2}};
  placement.tier = 1;
  placement.lost_nodes = {"node-2"};
  view.placements = {placement};
  view.domains = {{{"", "s1", "u", "1", {}}, 1, {"node-1"}}};
  AlignmentPolicy policy;
  policy.meta.name = "node-1";
  policy.kind = "NodeResourceTopology";
  policy.policy = "single-numa-node";
  policy.zones = {{"node-0", {{"cpu", "4"}}}};
  view.policies = {policy};
  FabricDomain fabric;
  fabric.meta.name = "d";
  fabric.cliques = {{"node-1", "1.2"}};
  view.fabrics = {fabric};
  view.levels = {{{"", "t", "u", "1", {}}, "Topology", {"rack"}, "", {{"pool", "gpu"}}}};
}

}  // namespace

TEST_CASE("Claims come back as they went, attribute types included") {
  AllocationView view;
  view.source = "bundle x";
  SliceClaim slice;
  slice.meta = {"", "s", "u", "7", {{"a", "b"}}};
  slice.driver = "dra.net";
  slice.pool = "node-1";
  SliceDevice device;
  device.name = "ens1";
  device.attributes = {{"dra.net/mtu", std::int64_t{1500}},
                       {"dra.net/rdma", false},
                       {"dra.net/ifName", std::string("ens1")},
                       {"dra.net/groups", std::vector<std::string>{"a", "b"}}};
  device.capacity = {{"memory", "1Gi"}};
  device.taints = {"k=v:NoSchedule"};
  device.counters = {"gpu-0"};
  device.shared = true;
  device.node = "node-1";
  slice.devices = {device};
  view.slices = {slice};
  view.nodes = {{{"", "node-1", "u", "1", {}}, {{"cpu", "8"}}, {{"topograph.run/region", "r"}}}};
  view.claims = {full_claim()};
  view.templates = {full_claim()};
  view.templates[0].is_template = true;
  view.classes = {{{"", "gpu", "u", "1", {}}, {"device.driver == \"gpu\""}, "x.io/gpu"}};
  view.pods = {full_pod()};
  view.gaps = {{"Pod", {"only some", {"team"}}}};
  add_placements(view);
  const std::string text = json::encode(view);
  const auto back = json::decode_allocation_view(text);
  REQUIRE(back.has_value());
  CHECK(json::encode(*back) == text);
  CHECK(back->gaps.at("Pod").whole_in == std::set<std::string>{"team"});
  CHECK(std::get<bool>(back->slices[0].devices[0].attributes.at("dra.net/rdma")) == false);
}

TEST_CASE("Each event comes back as its own kind") {
  for (const Event& event :
       {Event{PostEvent{3, std::string("\xff\0x", 3)}}, Event{GatheredEvent{3, {"a", ""}}},
        Event{ProgressEvent{"batch", 0.5}}, Event{OutcomeEvent{measured_outcome()}},
        Event{TopologyEvent{full_topology()}}, Event{DoneEvent{}}}) {
    const std::string text = json::encode(event);
    const auto back = json::decode_event(text);
    REQUIRE(back.has_value());
    CHECK(back->index() == event.index());
    CHECK(json::encode(*back) == text);
  }
}

TEST_CASE("A wrong document is an error that names the field") {
  const auto message = [](const std::string& text) {
    const auto outcome = json::decode_outcome(text);
    return outcome ? std::string("accepted") : outcome.error().message;
  };
  CHECK(message("{") == "this is not JSON");
  CHECK(message("[]") == "field \"\" is not an object");
  CHECK(message("{}") == "field \"probe\" is not there");
  CHECK(message(R"({"probe":7})") == "field \"probe\" is not a text");
  CHECK(message(R"({"probe":"p","from":{},"to":{},"status":"fine"})") ==
        "field \"status\" is not measured, skipped or failed");
  CHECK(message(R"({"probe":"p","from":{"node":3},"to":{},"status":"skipped","reason":""})") ==
        "field \"from.node\" is not a text");
  CHECK(message(std::string(100, '[')) == "the JSON text is nested deeper than 64");
  CHECK(message(std::string((64U << 20U) + 1, ' ')) == "the JSON text is larger than 64 MiB");
  const auto request = json::decode_request(R"({"schema":"plumbline.request/v1","probe":"p",)"
                                            R"("rank":99999999999})");
  CHECK(request.error().message == "field \"rank\" is not a whole number in range");
}

TEST_CASE("Random damage to a document is refused or read, never a crash") {
  const std::string good = json::encode(full_report());
  std::mt19937 random(1);
  std::uniform_int_distribution<std::size_t> place(0, good.size() - 1);
  std::uniform_int_distribution<int> letter(0, 255);
  int refused = 0;
  for (int run = 0; run < 3000; ++run) {
    std::string bad = good;
    for (int hit = 0; hit < 3; ++hit)
      bad[place(random)] = static_cast<char>(letter(random));
    if (!json::decode_report(bad)) ++refused;
  }
  CHECK(refused > 0);
}

TEST_CASE("Base64 carries any bytes and refuses what it is not") {
  for (const std::string& bytes : {std::string(), std::string("a"), std::string("ab"),
                                   std::string("abc"), std::string("\0\xff\x80", 3)}) {
    CHECK(json::from_base64(json::to_base64(bytes)) == bytes);
  }
  CHECK(json::to_base64("plumb") == "cGx1bWI=");
  for (const char* const bad : {"a", "ab*=", "====", "a==="}) {
    INFO(bad);
    CHECK_FALSE(json::from_base64(bad) == std::optional<std::string>("a"));
  }
  CHECK_FALSE(json::from_base64("ab*=").has_value());
}
