#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <fstream>
#include <sstream>

#include "probes/drivers/fake/fake_gpu_node.hpp"
#include "probes/drivers/fake/fake_gpus.hpp"
#include "tests/probes/tree.hpp"

using namespace plumbline;
using namespace plumbline::probes;
using Catch::Matchers::WithinRel;

namespace {

std::string text_of(const std::string& name) {
  std::ifstream file(std::string(PLUMBLINE_FIXTURES) + "/gpus/" + name + ".yaml");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

FakeGpuNode node_of(const std::string& name, const std::string& more = "") {
  auto node = parse_fake_gpus(text_of(name) + more, name);
  REQUIRE(node);
  return *node;
}

FakeGpus open(const Tree& tree, const std::string& name, const std::string& more = "") {
  tree.file("gpus.yaml", text_of(name) + more);
  auto gpus = open_fake_gpus((tree.root() / "gpus.yaml").string());
  REQUIRE(gpus);
  return std::move(*gpus);
}

struct Copied {
  double rate = 0;
  Comparison compared;
};

constexpr std::uint64_t kSize = 64ULL << 20U;

/// One stream from one place to another, verified.
Copied copy(GpuMachine& machine, const GpuPlace& from, const GpuPlace& to) {
  auto source = machine.allocate(from, Bytes{kSize});
  auto destination = machine.allocate(to, Bytes{kSize});
  REQUIRE(source);
  REQUIRE(destination);
  REQUIRE(machine.fill(**source, 42, from.gpu));
  REQUIRE(machine.poison(**destination, to.gpu));
  const std::string runner = from.on_host() ? to.gpu : from.gpu;
  const auto times = machine.copy(
      {{source->get(), destination->get(), runner, CopyEngine::dma, Bytes{kSize / 4}, 8}},
      Deadline::never());
  REQUIRE(times);
  const auto compared = machine.compare(**destination, Bytes{kSize}, 42, to.gpu);
  REQUIRE(compared);
  return {2.0 * kSize / times->at(0).elapsed.value, *compared};
}

std::string complaint(const std::string& text) {
  const auto node = parse_fake_gpus(text, "it.yaml");
  return node ? "" : node.error().message;
}

}  // namespace

TEST_CASE("Every described machine of the fixtures is read") {
  CHECK(fake_gpu_facts(node_of("8xh100-nvswitch")).gpus.size() == 8);
  CHECK(fake_gpu_facts(node_of("4xgb200-tray")).gpus.at(2).platform->module == 3);
  CHECK(fake_gpu_facts(node_of("8xa100-pcie")).gpus.at(0).links.empty());
  CHECK_FALSE(fake_gpu_facts(node_of("2xt4-vm")).gpus.at(0).numa);
  CHECK(fake_gpu_facts(node_of("h100-mig")).gpus.at(0).instances.size() == 7);
}

TEST_CASE("Described facts are marked as fakes and name their file") {
  const GpuNode facts = fake_gpu_facts(node_of("8xh100-nvswitch"));
  CHECK(facts.fake);
  CHECK(facts.source == "fake:8xh100-nvswitch");
}

TEST_CASE("A described machine's PCI tree holds each GPU where the driver says") {
  Topology topology;
  put_fake_machine(node_of("8xh100-nvswitch", "faults: [{kind: lost_gpu, gpu: 7}]"), topology);
  REQUIRE(topology.gpus->gpus.size() == 7);
  CHECK(topology.gpus->problems.size() == 1);
  std::size_t accelerators = 0;
  for (const PciDevice& device : topology.pci_devices) {
    if (device.kind == "accelerator") ++accelerators;
  }
  CHECK(accelerators == 8);
  CHECK(topology.gpus->gpus[0].pci_address == fake_pci_address(0));
  CHECK(topology.numa_nodes.size() == 2);
}

TEST_CASE("A described pair copies at its rate and its bytes arrive") {
  const Tree tree;
  const FakeGpus gpus = open(tree, "8xh100-nvswitch");
  const auto& units = gpus.machine->units();
  REQUIRE(units.size() == 8);
  const Copied peer = copy(*gpus.machine, {units[0].uuid, {}}, {units[5].uuid, {}});
  CHECK_THAT(peer.rate, WithinRel(396.4e9, 0.05));
  CHECK(peer.compared.wrong == 0);
  const Copied near = copy(*gpus.machine, {"", 0}, {units[0].uuid, {}});
  CHECK_THAT(near.rate, WithinRel(55.4e9, 0.02));
  const Copied far = copy(*gpus.machine, {"", 1}, {units[0].uuid, {}});
  CHECK(far.rate < 0.95 * near.rate);
}

TEST_CASE("A slow pair is slow in its direction only") {
  const Tree tree;
  const FakeGpus gpus =
      open(tree, "8xh100-nvswitch", "faults: [{kind: slow_pair, from: 2, to: 5, rate: 180GB/s}]");
  const auto& units = gpus.machine->units();
  CHECK_THAT(copy(*gpus.machine, {units[2].uuid, {}}, {units[5].uuid, {}}).rate,
             WithinRel(180e9, 0.02));
  CHECK_THAT(copy(*gpus.machine, {units[5].uuid, {}}, {units[2].uuid, {}}).rate,
             WithinRel(396e9, 0.05));
}

TEST_CASE("A corrupting pair's wrong bytes are found, each and where") {
  const Tree tree;
  const FakeGpus gpus =
      open(tree, "8xh100-nvswitch", "faults: [{kind: corrupting_pair, from: 1, to: 6, byte: 7}]");
  const auto& units = gpus.machine->units();
  const Copied bad = copy(*gpus.machine, {units[1].uuid, {}}, {units[6].uuid, {}});
  CHECK(bad.compared.wrong == 4);  // one in each message
  CHECK(bad.compared.first == 7);
  CHECK(copy(*gpus.machine, {units[6].uuid, {}}, {units[1].uuid, {}}).compared.wrong == 0);
}

TEST_CASE("A down NVLink takes its share of the rate, and half a PCIe link half of the host's") {
  const Tree tree;
  const FakeGpus gpus = open(tree, "8xh100-nvswitch",
                             "faults: [{kind: nvlink_down, gpu: 3, value: 4},"
                             " {kind: pcie_width, gpu: 2, value: 8}]");
  const auto& units = gpus.machine->units();
  CHECK_THAT(copy(*gpus.machine, {units[0].uuid, {}}, {units[3].uuid, {}}).rate,
             WithinRel(396.4e9 * 17 / 18, 0.05));
  CHECK_THAT(copy(*gpus.machine, {units[2].uuid, {}}, {"", 0}).rate, WithinRel(27.7e9, 0.02));
}

TEST_CASE("What runs together shares the part that both use") {
  const Tree tree;
  const FakeGpus gpus = open(tree, "8xh100-nvswitch");
  GpuMachine& machine = *gpus.machine;
  const auto& units = machine.units();
  auto a = machine.allocate({units[0].uuid, {}}, Bytes{kSize});
  auto b = machine.allocate({units[1].uuid, {}}, Bytes{kSize});
  auto c = machine.allocate({units[2].uuid, {}}, Bytes{kSize});
  const auto times =
      machine.copy({{a->get(), b->get(), units[0].uuid, CopyEngine::dma, Bytes{kSize}, 4},
                    {a->get(), c->get(), units[0].uuid, CopyEngine::dma, Bytes{kSize}, 4}},
                   Deadline::never());
  REQUIRE(times);
  CHECK_THAT(4.0 * kSize / times->at(0).elapsed.value, WithinRel(198e9, 0.05));
}

TEST_CASE("The instruments see the bytes that a copy moved, unless nothing counts them") {
  const Tree tree;
  const FakeGpus gpus =
      open(tree, "8xh100-nvswitch", "faults: [{kind: uncounted_pair, from: 0, to: 2}]");
  const auto& units = gpus.machine->units();
  static_cast<void>(copy(*gpus.machine, {units[0].uuid, {}}, {units[1].uuid, {}}));
  static_cast<void>(copy(*gpus.machine, {units[0].uuid, {}}, {units[2].uuid, {}}));
  const auto sent = gpus.instruments->counters(units[0].uuid, Deadline::never());
  REQUIRE(sent);
  CHECK(sent->nvlink_sent == Bytes{2 * kSize});
  CHECK(gpus.instruments->counters(units[2].uuid, Deadline::never())->nvlink_received == Bytes{0});
  CHECK_FALSE(gpus.instruments->counters("GPU-none", Deadline::never()));
}

TEST_CASE("MIG slices copy to the host and reach no other GPU") {
  const Tree tree;
  const FakeGpus gpus = open(tree, "h100-mig");
  const auto& units = gpus.machine->units();
  REQUIRE(units.size() == 8);
  const auto slice = std::find_if(units.begin(), units.end(), [](const GpuUnit& unit) {
    return unit.uuid.starts_with("MIG-");
  });
  REQUIRE(slice != units.end());
  CHECK(slice->memory == Bytes{10ULL << 30U});
  CHECK(copy(*gpus.machine, {"", 0}, {slice->uuid, {}}).compared.wrong == 0);
  CHECK_FALSE(gpus.machine->reach(slice->uuid, units.back().uuid));
}

TEST_CASE("Memory of a described GPU is given back and never more than is free") {
  const Tree tree;
  const FakeGpus gpus = open(tree, "2xt4-vm", "faults: [{kind: busy, gpu: 0, value: 4242}]");
  GpuMachine& machine = *gpus.machine;
  const std::string uuid = machine.units()[0].uuid;
  const auto before = machine.free_memory(uuid);
  CHECK(*before < Bytes{8ULL << 30U});
  {
    auto region = machine.allocate({uuid, {}}, Bytes{1ULL << 30U});
    REQUIRE(region);
    CHECK(machine.free_memory(uuid)->count == before->count - (1ULL << 30U));
  }
  CHECK(*machine.free_memory(uuid) == *before);
  const auto much = machine.allocate({uuid, {}}, Bytes{1ULL << 40U});
  REQUIRE_FALSE(much);
  CHECK(much.error().code == ErrorCode::conflict);
}

TEST_CASE("What is wrong in a description is told with its line and key") {
  const std::string good = text_of("2xt4-vm");
  CHECK(complaint(good).empty());
  CHECK(complaint("schema: other").find("schema is not plumbline.fake-gpus/v1") !=
        std::string::npos);
  CHECK(complaint(good + "colour: red\n").find("colour is not a key") != std::string::npos);
  CHECK(complaint(good + "faults: [{kind: smoke, gpu: 0}]").find("kind is none of") !=
        std::string::npos);
  CHECK(complaint(good + "faults: [{kind: lost_gpu, gpu: 2}]").find("faults[].gpu") !=
        std::string::npos);
  CHECK(complaint(good + "faults: [{kind: slow_pair, from: 0, to: 0, rate: 1GB/s}]")
            .find("is the GPU itself") != std::string::npos);
  CHECK(complaint(good + "mig: [{gpu: 5, profile: x}]").find("mig[].gpu") != std::string::npos);
  CHECK(complaint("[1, 2").starts_with("it.yaml: line"));
  CHECK_FALSE(open_fake_gpus("/nowhere/gpus.yaml"));
}
