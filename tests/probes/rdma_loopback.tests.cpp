#include "probes/rdma_loopback.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "probes/drivers/fake/fake_memories.hpp"
#include "probes/drivers/fake/fake_rdma.hpp"
#include "probes/drivers/verbs/gpu_place.hpp"
#include "tests/probes/pair_support.hpp"
#include "tests/probes/tree.hpp"

using namespace plumbline;
using namespace plumbline::probes;

namespace {

class NoGpus final : public GpuMemoryDesk {
 public:
  Result<std::shared_ptr<GpuMemories>> open(const std::string& drivers) override {
    if (drivers.empty()) return fail(ErrorCode::unavailable, "no NVIDIA driver: none here");
    auto memories = fake_memories(drivers);
    if (!memories) return tl::unexpected(memories.error());
    return std::shared_ptr<GpuMemories>(std::move(*memories));
  }
};

/// A node with the fake's two ports; both ends of a loopback share its counters.
LoopbackWorld world(FakeRdma path = {}) {
  const auto ports = std::make_shared<FakePorts>();
  LoopbackWorld made{{}, {}, {}, {}, {}, {}, FileTree("/nowhere")};
  made.drivers = [path, ports] {
    return PairDrivers{fail(ErrorCode::unavailable, "no sockets in this test"),
                       Result<std::unique_ptr<RdmaDriver>>(fake_rdma(path, ports))};
  };
  made.read_links = [] { return Result<std::vector<Link>>(std::vector<Link>{}); };
  made.numa_nodes = [] { return std::vector<int>{0}; };
  made.gpus = [] { return std::vector<std::string>{}; };
  made.gpu_memory = std::make_shared<NoGpus>();
  made.patience = {std::chrono::milliseconds(100), std::chrono::milliseconds(400),
                   std::chrono::milliseconds(300), std::chrono::milliseconds(20),
                   std::chrono::milliseconds(800)};
  return made;
}

Request request_for(const std::string& device) {
  Request request = pair_request({});
  request.probe = "rdma_loopback";
  request.size = 1;
  request.measure.clear();
  request.ends = {{"node-1", device, ""}};
  return request;
}

std::vector<Outcome> run(const LoopbackWorld& in, const Request& request) {
  CollectingSink sink;
  SystemClock clock;
  const Topology topology;
  const auto probe = rdma_loopback_probe(in);
  const auto deadline = Deadline::after(std::chrono::seconds(20));
  CHECK(probe->run({topology, request, nullptr, deadline, clock, sink}));
  CHECK(probe->planned(request).size() == sink.outcomes.size());
  return sink.outcomes;
}

}  // namespace

TEST_CASE("A port that loops back to itself gives its rate, proven by its own counters") {
  const auto outcomes = run(world(), request_for("rxe1"));
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].key() ==
        "rdma_loopback|node-1/rxe1/1|node-1/rxe1/1|operation=write,size=65536");
  REQUIRE(outcomes[0].measured() != nullptr);
  CHECK(outcomes[0].measured()->value == Catch::Approx(25e6));
  for (const Proof& proof : outcomes[0].measured()->proof)
    CHECK(proof.holds);
}

TEST_CASE(
    "Two software ports of one node, a port that is down and a GPU are skipped with reasons") {
  LoopbackWorld in = world();
  in.gpus = [] { return std::vector<std::string>{"0000:17:00.0"}; };
  const auto outcomes = run(in, request_for(""));
  REQUIRE(outcomes.size() == 6);
  CHECK(outcomes[1].skipped()->reason.find("an address of its own") != std::string::npos);
  CHECK(outcomes[2].skipped()->reason == "no NVIDIA driver: none here");
  CHECK(outcomes[2].parameters.at("memory") == "gpu 0000:17:00.0");
}

TEST_CASE("Two software ports are measured where the kernel takes packets of its own addresses") {
  const Tree tree;
  LoopbackWorld in = world();
  in.root = FileTree(tree.root());
  tree.file("proc/sys/net/ipv4/conf/all/accept_local", "0");
  tree.file("proc/sys/net/ipv4/conf/ens1/accept_local", "1");
  CHECK(run(in, request_for(""))[1].skipped() != nullptr);
  tree.file("proc/sys/net/ipv4/conf/all/accept_local", "1");
  CHECK(run(in, request_for(""))[1].skipped() == nullptr);
}

TEST_CASE("Every operation and every NUMA node's memory is an outcome of its own") {
  LoopbackWorld in = world();
  in.numa_nodes = [] { return std::vector<int>{0, 1}; };
  Request request = request_for("rxe1");
  request.options["operations"] = "write,read";
  const auto outcomes = run(in, request);
  REQUIRE(outcomes.size() == 4);
  CHECK(outcomes[1].parameters.at("memory") == "numa1");
  CHECK(outcomes[3].parameters.at("operation") == "read");
}

TEST_CASE("A node without the wished RDMA device says so") {
  CollectingSink sink;
  SystemClock clock;
  const Topology topology;
  const auto probe = rdma_loopback_probe(world());
  const auto ran = probe->run({topology, request_for("mlx5_0"), nullptr,
                               Deadline::after(std::chrono::seconds(5)), clock, sink});
  CHECK(ran.error().code == ErrorCode::not_found);
}

TEST_CASE("A described GPU's memory is reached by copies only, and is none other's") {
  const Tree tree;
  CHECK_FALSE(fake_memories("NVML").has_value());
  CHECK_FALSE(fake_memories("fake:" + (tree.root() / "none").string()).has_value());
  const auto memories =
      fake_memories(std::string("fake:") + PLUMBLINE_FIXTURES + "/gpus/2xt4-vm.yaml");
  REQUIRE(memories);
  const auto gpus = (*memories)->gpus();
  REQUIRE_FALSE(gpus.empty());
  CHECK((*memories)->allocate("0000:ff:00.0", Bytes{64}).error().code == ErrorCode::not_found);
  auto memory = (*memories)->allocate(gpus.front(), Bytes{64});
  REQUIRE(memory);
  CHECK((*memory)->dma_buf().error().code == ErrorCode::unavailable);
  const std::vector<std::byte> sent(64, std::byte{7});
  std::vector<std::byte> got(64);
  CHECK((*memory)->give(sent));
  CHECK((*memory)->take(got));
  CHECK(got == sent);
}

TEST_CASE("The nearest GPU is the one that shares most of the PCI path") {
  const Tree tree;
  const auto place = [&](const std::string& address, const std::string& above) {
    const std::string real = "sys/devices/" + above + "/" + address;
    tree.directory(real);
    tree.link("sys/bus/pci/devices/" + address, (tree.root() / real).string());
  };
  place("0000:18:00.0", "pci0000:15/0000:15:01.0/0000:16:00.0");
  place("0000:19:00.0", "pci0000:15/0000:15:01.0/0000:16:00.0");
  place("0000:2a:00.0", "pci0000:15/0000:15:02.0");
  place("0000:5d:00.0", "pci0000:5a");
  const FileTree root(tree.root());
  CHECK(nearest_gpu(root, "0000:18:00.0", {"0000:5d:00.0", "0000:2a:00.0", "0000:19:00.0"}) ==
        "0000:19:00.0");
  CHECK(nearest_gpu(root, "0000:18:00.0", {"0000:5d:00.0", "0000:2a:00.0"}) == "0000:2a:00.0");
  CHECK(nearest_gpu(root, "", {"0000:5d:00.0", "0000:2a:00.0"}) == "0000:5d:00.0");
  CHECK(nearest_gpu(root, "0000:18:00.0", {}).empty());
}
