#include "probes/rdma_loopback.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "probes/drivers/fake/fake_rdma.hpp"
#include "tests/probes/pair_support.hpp"

using namespace plumbline;
using namespace plumbline::probes;

namespace {

/// A node with the fake's two ports; both ends of a loopback share its counters.
LoopbackWorld world(FakeRdma path = {}) {
  const auto ports = std::make_shared<FakePorts>();
  LoopbackWorld made;
  made.drivers = [path, ports] {
    return PairDrivers{fail(ErrorCode::unavailable, "no sockets in this test"),
                       Result<std::unique_ptr<RdmaDriver>>(fake_rdma(path, ports))};
  };
  made.read_links = [] { return Result<std::vector<Link>>(std::vector<Link>{}); };
  made.numa_nodes = [] { return std::vector<int>{0}; };
  made.gpus = [] { return std::vector<std::string>{}; };
  made.gpu_memory = [] { return std::string("no dma-buf here"); };
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
  CHECK(outcomes[2].skipped()->reason == "no dma-buf here");
  CHECK(outcomes[2].parameters.at("memory") == "gpu 0000:17:00.0");
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
