#include <catch2/catch_test_macros.hpp>
#include <string>

#include "probes/drivers/nvml/nvml_gpus.hpp"
#include "probes/drivers/nvml/nvml_instruments.hpp"

using namespace plumbline;
using namespace plumbline::probes;

namespace {

std::string stub(const std::string& kind) {
  return std::string(PLUMBLINE_STUBS) + "/libnvml-stub-" + kind + ".so";
}

GpuNode facts_of(const std::string& kind) {
  const auto library = nvml::Library::open(stub(kind));
  REQUIRE(library);
  auto node = nvml::read_gpus(**library);
  REQUIRE(node);
  return *node;
}

}  // namespace

TEST_CASE("A machine without libnvidia-ml has no NVIDIA driver, and says so") {
  const auto library = nvml::Library::open("libnvidia-ml-that-is-not-there.so.1");
  REQUIRE_FALSE(library);
  CHECK(library.error().code == ErrorCode::unavailable);
  CHECK(library.error().message.starts_with("no NVIDIA driver: "));
}

TEST_CASE("A library without its kernel driver is no NVIDIA driver either") {
  const auto library = nvml::Library::open(stub("not-loaded"));
  REQUIRE_FALSE(library);
  CHECK(library.error().message == "no NVIDIA driver: Driver Not Loaded");
}

TEST_CASE("A library that lacks what everything needs is too old, and the function is named") {
  const auto library = nvml::Library::open(stub("missing"));
  REQUIRE_FALSE(library);
  CHECK(library.error().code == ErrorCode::unavailable);
  CHECK(library.error().message.ends_with("has no nvmlDeviceGetPciInfo_v3"));
  CHECK(library.error().message.starts_with("the NVIDIA driver is too old"));
}

TEST_CASE("NVML's facts of a GPU come out whole, in order of PCI addresses") {
  const GpuNode node = facts_of("full");
  CHECK(node.source == "NVML 12.550.54.15");
  CHECK(node.driver_version == "550.54.15");
  CHECK(node.cuda_version == "12.4");
  CHECK_FALSE(node.fake);
  REQUIRE(node.gpus.size() == 2);
  const Gpu& gpu = node.gpus[0];
  CHECK(gpu.uuid == "GPU-one");
  CHECK(gpu.pci_address == "0000:0a:00.0");
  CHECK(node.gpus[1].pci_address == "0000:8b:00.0");
  CHECK(gpu.compute_mode == "exclusive_process");
  CHECK(gpu.compute_capability == "9.0");
  CHECK_FALSE(gpu.numa);
  CHECK(gpu.problems.empty());
}

TEST_CASE("A PCIe link is held against what the GPU can do, not what its slot can") {
  const Gpu gpu = facts_of("full").gpus[0];
  const PcieLink& pcie = gpu.pcie;
  CHECK(gpu.slot_gigatransfers == 16.0);
  CHECK(pcie.gigatransfers == 16.0);
  CHECK(pcie.most_gigatransfers == 32.0);
  CHECK(pcie.width == 8);
  CHECK(pcie.most_width == 16);
}

TEST_CASE("Every NVLink is told with its state; one that is down has no counters") {
  const auto links = facts_of("full").gpus[0].links;
  REQUIRE(links.size() == 18);
  CHECK(links[0].active);
  CHECK(links[0].generation == 4.0);
  CHECK(links[0].remote_kind == "switch");
  CHECK(links[1].remote_pci == "0000:c2:00.0");
  CHECK(links[0].speed == BytesPerSecond{26562e6});
  CHECK(links[0].sent == Bytes{1000 * 1024});
  CHECK_FALSE(links[0].crc_errors);
  CHECK_FALSE(links[5].active);
  CHECK_FALSE(links[5].sent);
  CHECK(links[5].remote_kind == "unknown");
}

TEST_CASE("A fabric's health mask becomes words only when the fabric is joined") {
  const auto fabric = facts_of("full").gpus[0].fabric;
  REQUIRE(fabric);
  CHECK(fabric->state == "completed");
  CHECK(fabric->clique == 7);
  CHECK(fabric->cluster_uuid == "ab000000-0000-0000-0000-000000000000");
  CHECK(fabric->unhealthy ==
        std::vector<std::string>{"degraded_bandwidth", "configuration_4", "limited_capacity"});
  const auto joining = facts_of("lost").gpus[0].fabric;
  REQUIRE(joining);
  CHECK(joining->state == "in_progress");
  CHECK(joining->cluster_uuid.empty());
  CHECK(joining->unhealthy.empty());
}

TEST_CASE("MIG instances are found over numbers that are free") {
  const Gpu gpu = facts_of("full").gpus[1];
  CHECK(gpu.mig == true);
  REQUIRE(gpu.instances.size() == 2);
  CHECK(gpu.instances[1].uuid == "MIG-2");
  CHECK(gpu.instances[1].profile == "1g.10gb");
  CHECK(gpu.instances[1].memory == Bytes{10ULL << 30U});
}

TEST_CASE("Processes are asked for again when they did not fit, and each pid is told once") {
  const Gpu gpu = facts_of("full").gpus[0];
  REQUIRE(gpu.processes);
  REQUIRE(gpu.processes->size() == 3);
  CHECK(gpu.processes->at(0).memory == Bytes{1ULL << 30U});
  CHECK_FALSE(gpu.processes->at(1).memory);
  CHECK(gpu.processes->at(2).kind == "graphics");
}

TEST_CASE("Health, clocks and place are read; idle clocks are no throttling") {
  const Gpu gpu = facts_of("full").gpus[0];
  CHECK(gpu.health.remapped_rows == 3);
  CHECK(gpu.health.pending == true);
  CHECK(gpu.health.remap_failed == false);
  CHECK_FALSE(gpu.health.retired_pages);
  CHECK(gpu.state.throttled == std::vector<std::string>{"power_cap", "hw_thermal"});
  CHECK(gpu.state.power_limit_watts == 700.0);
  REQUIRE(gpu.platform);
  CHECK(gpu.platform->chassis_serial == "1820325190157");
  CHECK(gpu.platform->module == 2);
}

TEST_CASE("Every ordered pair has its peer status, in words") {
  const auto peers = facts_of("full").peers;
  REQUIRE(peers.size() == 2);
  CHECK(peers[0].from == "GPU-one");
  CHECK(peers[0].write == "ok");
  CHECK(peers[0].nvlink == "topology");
  CHECK(peers[0].atomics == "not_supported");
}

TEST_CASE("A GPU that is lost is a problem of the node, and the others are still told") {
  const GpuNode node = facts_of("lost");
  REQUIRE(node.gpus.size() == 1);
  REQUIRE(node.problems.size() == 1);
  CHECK(node.problems[0] == "GPU 1 of NVML: GPU is lost");
}

TEST_CASE("Processes that could not be asked for are unknown, not none") {
  const Gpu gpu = facts_of("lost").gpus[0];
  CHECK_FALSE(gpu.processes);
  REQUIRE(gpu.problems.size() == 1);
  CHECK(gpu.problems[0] == "running processes: Insufficient Permissions");
}

TEST_CASE("An old library tells less, and what it does not know is absent") {
  const GpuNode node = facts_of("old");
  REQUIRE(node.gpus.size() == 2);
  const Gpu& gpu = node.gpus[0];
  CHECK(gpu.links.empty());
  CHECK_FALSE(gpu.fabric);
  CHECK_FALSE(gpu.mig);
  CHECK_FALSE(gpu.pcie.width);
  CHECK_FALSE(gpu.processes);
  CHECK(node.peers.at(0).read == "unknown");
}

TEST_CASE("The instruments count all NVLinks together, in the unit of the hardware") {
  auto instruments = nvml_instruments(stub("full"));
  REQUIRE(instruments);
  const auto counters = (*instruments)->counters("GPU-one", Deadline::never());
  REQUIRE(counters);
  CHECK(counters->nvlink_sent == Bytes{17000 * 1024});
  CHECK(counters->nvlink_received == Bytes{34000 * 1024});
  CHECK(counters->nvlink_step == Bytes{1024});
  CHECK(counters->pcie_sent == Bytes{12345});
  CHECK_FALSE(counters->pcie_received);
  const auto unknown = (*instruments)->counters("GPU-nine", Deadline::never());
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == ErrorCode::not_found);
  const auto late = (*instruments)->counters("GPU-one", Deadline::at(Moment::min()));
  REQUIRE_FALSE(late);
  CHECK(late.error().code == ErrorCode::deadline_exceeded);
}
