#include <catch2/catch_test_macros.hpp>
#include <string>

#include "core/json/codec.hpp"

using namespace plumbline;

namespace {

NvLink full_link() {
  NvLink link;
  link.index = 3;
  link.active = true;
  link.generation = 4.0;
  link.remote_kind = "switch";
  link.remote_pci = "0000:c1:00.0";
  link.speed = BytesPerSecond{26.562e9};
  link.sent = Bytes{1ULL << 40U};
  link.received = Bytes{7};
  link.crc_errors = 1;
  link.replays = 2;
  link.recoveries = 3;
  return link;
}

Gpu full_gpu() {
  Gpu gpu;
  gpu.uuid = "GPU-0001";
  gpu.pci_address = "0000:0a:00.0";
  gpu.product = "NVIDIA H100 80GB HBM3";
  gpu.minor = 0;
  gpu.numa = 1;
  gpu.compute_capability = "9.0";
  gpu.memory = Bytes{80ULL << 30U};
  gpu.free_memory = Bytes{79ULL << 30U};
  gpu.compute_mode = "default";
  gpu.persistence = true;
  gpu.mig = true;
  gpu.instances = {{"MIG-1", "1g.10gb", Bytes{10ULL << 30U}}};
  gpu.pcie = {32.0, 8, 32.0, 16};
  gpu.slot_gigatransfers = 16.0;
  gpu.pcie_replays = 4;
  gpu.links = {full_link()};
  gpu.fabric = GpuFabric{"completed", "", "0a0b", 7, {"degraded_bandwidth"}, 1};
  gpu.platform = GpuPlatform{"1820", 3, 4, 1, 2};
  gpu.health = {true, 1, 2, 3, false, true};
  gpu.state = {1980, 2619, {"power_cap"}, 41, 700.0};
  gpu.processes =
      std::vector<GpuProcess>{{4242, "compute", Bytes{1}, "pod-uid"}, {7, "graphics", {}}};
  gpu.problems = {"platform: driver too old"};
  return gpu;
}

}  // namespace

TEST_CASE("Everything told of a GPU survives the codec") {
  Topology topology;
  topology.gpus =
      GpuNode{"NVML 12.550", "550.54", "12.4", true, {full_gpu()}, {}, {"GPU 3 is lost"}};
  topology.gpus->peers = {{"GPU-0001", "GPU-0002", "ok", "ok", "topology", "not_supported"}};
  topology.gpus_problem = "two of three answered";
  const auto text = json::encode(topology);
  const auto again = json::decode_topology(text);
  REQUIRE(again);
  CHECK(json::encode(*again) == text);
  REQUIRE(again->gpus);
  const Gpu& gpu = again->gpus->gpus.at(0);
  CHECK(gpu.links.at(0).generation == 4.0);
  CHECK(gpu.links.at(0).sent == Bytes{1ULL << 40U});
  CHECK(gpu.fabric->unhealthy == std::vector<std::string>{"degraded_bandwidth"});
  CHECK(gpu.health.remap_failed == true);
  CHECK(gpu.processes->at(1).memory == std::nullopt);
  CHECK(gpu.pcie.width == 8);
  CHECK(gpu.slot_gigatransfers == 16.0);
  CHECK(again->gpus->fake);
}

TEST_CASE("A GPU that told nothing but its identity stays unknown, not zero") {
  Topology topology;
  topology.gpus = GpuNode{};
  topology.gpus->gpus.resize(1);
  topology.gpus->gpus[0].uuid = "GPU-1";
  const auto again = json::decode_topology(json::encode(topology));
  REQUIRE(again);
  const Gpu& gpu = again->gpus->gpus.at(0);
  CHECK_FALSE(gpu.numa);
  CHECK_FALSE(gpu.mig);
  CHECK_FALSE(gpu.processes);
  CHECK_FALSE(gpu.fabric);
  CHECK_FALSE(gpu.pcie.width);
  CHECK_FALSE(gpu.health.ecc);
}

TEST_CASE("A node without a GPU driver has no list of GPUs, and its reason survives") {
  Topology topology;
  topology.gpus_problem = "no NVIDIA driver";
  const auto again = json::decode_topology(json::encode(topology));
  REQUIRE(again);
  CHECK_FALSE(again->gpus);
  CHECK(again->gpus_problem == "no NVIDIA driver");
}

TEST_CASE("A GPU's wrong field is refused and named") {
  const auto gpu_without = [](const std::string& fields) {
    return json::decode_topology(R"({"gpus":{"source":"x","gpus":[{)" + fields + "}]}}");
  };
  const auto uuid = gpu_without(R"("pci_address":"0000:01:00.0")");
  REQUIRE_FALSE(uuid);
  CHECK(uuid.error().message.find("uuid") != std::string::npos);
  const auto links = gpu_without(R"("uuid":"u","pci_address":"p","nvlinks":[{"index":"one"}])");
  REQUIRE_FALSE(links);
  CHECK(links.error().message.find("index") != std::string::npos);
}
