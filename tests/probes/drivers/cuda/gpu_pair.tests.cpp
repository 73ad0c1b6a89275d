// Two ends with a driver each (the stub's), meeting as two processes would.

#include <dlfcn.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <thread>

#include "core/model/gpu.hpp"
#include "probes/drivers/cuda/cuda_machine.hpp"
#include "probes/gpu/gpu_pair.hpp"
#include "tests/probes/drivers/cuda/stub_driver.hpp"

namespace {

using namespace plumbline;
using namespace plumbline::probes;
using Catch::Matchers::ContainsSubstring;

constexpr const char* kFirst = "GPU-ab000000-0000-0000-0000-000000000002";
constexpr const char* kSecond = "GPU-ab000000-0000-0000-0000-000000000001";

stub::World& fresh_world() {
  void* const library = dlopen(PLUMBLINE_STUB_CUDA, RTLD_NOW | RTLD_LOCAL);
  REQUIRE(library != nullptr);
  const auto ask = reinterpret_cast<stub::WorldFunction>(dlsym(library, "stub_world"));
  REQUIRE(ask != nullptr);
  stub::World& world = *ask();
  world = {};
  return world;
}

/// Two GPUs that nobody holds, or that process 7 holds.
class Instruments final : public GpuInstruments {
 public:
  explicit Instruments(bool busy) : busy_(busy) {}
  std::string library() const override { return "test"; }
  Result<GpuNode> look(Deadline /*deadline*/) override {
    GpuNode node;
    node.source = "test";
    for (const char* const uuid : {kFirst, kSecond}) {
      Gpu gpu;
      gpu.uuid = uuid;
      gpu.processes.emplace();
      if (busy_) gpu.processes->push_back({7, "compute", std::nullopt});
      node.gpus.push_back(gpu);
    }
    return node;
  }
  Result<std::vector<GpuProcess>> processes(const std::string& /*uuid*/,
                                            Deadline /*deadline*/) override {
    return std::vector<GpuProcess>{};
  }
  Result<GpuCounters> counters(const std::string& /*uuid*/, Deadline /*deadline*/) override {
    return fail(ErrorCode::unavailable, "none");
  }

 private:
  bool busy_;
};

GpuOpener opener(bool busy) {
  return [busy](const Request&) -> Result<GpuAccess> {
    auto machine = open_cuda_machine(PLUMBLINE_STUB_CUDA);
    if (!machine) return tl::unexpected(machine.error());
    return GpuAccess{std::move(*machine), std::make_unique<Instruments>(busy), {}};
  };
}

class Ears final : public Sink {
 public:
  void step(const std::string& /*what*/, double /*share*/) override {}
  Status outcome(const Outcome& outcome) override {
    outcomes.push_back(outcome);
    return {};
  }
  Status topology(const Topology& /*topology*/) override { return {}; }
  std::vector<Outcome> outcomes;
};

struct Ask {
  std::string share = "ipc";
  std::string to = kSecond;
  bool second_is_busy = false;
  std::uint64_t size = 2U << 20U;
};

Status run_end(int rank, const Ask& wanted, Rendezvous& rendezvous, Ears& ears) {
  Request request;
  request.probe = "gpu_pair";
  request.rank = rank;
  request.size = 2;
  request.ends = {{"node-1", kFirst, ""}, {"node-1", wanted.to, ""}};
  request.sizes = {Bytes{wanted.size}};
  request.options["share"] = wanted.share;
  request.budget.batch = {0.005};
  request.budget.time = {1};
  request.budget.width = 1;
  const Topology topology;
  SystemClock clock;
  const Task task{topology, request, &rendezvous, Deadline::after(std::chrono::seconds(60)),
                  clock,    ears};
  const auto probe = gpu_pair_probe(opener(rank == 1 && wanted.second_is_busy));
  if (probe->inapplicable(task)) return fail(ErrorCode::internal, "the stub did not open");
  return probe->run(task);
}

std::vector<Outcome> run_pair(const Ask& wanted) {
  const auto ends = in_memory_rendezvous(2);
  Ears sender;
  Ears receiver;
  Status received;
  std::thread other([&] { received = run_end(1, wanted, *ends[1], receiver); });
  const auto sent = run_end(0, wanted, *ends[0], sender);
  other.join();
  CHECK(sent);
  CHECK(received);
  CHECK(receiver.outcomes.empty());
  return sender.outcomes;
}

}  // namespace

TEST_CASE("Two processes copy into each other's memory, by either handle, also on one GPU") {
  auto& world = fresh_world();
  for (const auto& [share, to] :
       {std::pair{"ipc", kSecond}, {"fabric", kSecond}, {"ipc", kFirst}}) {
    const auto outcomes = run_pair({share, to, false, 2U << 20U});
    REQUIRE(outcomes.size() == 1);
    if (outcomes[0].failed() != nullptr) FAIL(outcomes[0].failed()->error.message);
    const Measured* const measured = outcomes[0].measured();
    REQUIRE(measured != nullptr);
    CHECK(measured->value > 0);
    CHECK(measured->batches.size() >= 6);
    CHECK(outcomes[0].parameters.at("share") == share);
    REQUIRE(measured->proof.size() == 1);
    CHECK_THAT(measured->proof[0].statement, ContainsSubstring(share));
  }
  CHECK(world.live == 0);
}

TEST_CASE("A byte that changed on the way to another process fails the number") {
  auto& world = fresh_world();
  world.corrupts = true;
  const auto outcomes = run_pair({});
  world.corrupts = false;
  REQUIRE(outcomes.size() == 1);
  REQUIRE(outcomes[0].failed() != nullptr);
  CHECK(outcomes[0].failed()->error.code == ErrorCode::data_corrupt);
  CHECK_THAT(outcomes[0].failed()->error.message, ContainsSubstring("the first at"));
}

TEST_CASE("A GPU that is held at either end, and handles that are not to be had, are skipped") {
  auto& world = fresh_world();
  auto outcomes = run_pair({"ipc", kSecond, true, 2U << 20U});
  REQUIRE(outcomes.size() == 1);
  REQUIRE(outcomes[0].skipped() != nullptr);
  CHECK_THAT(outcomes[0].skipped()->reason, ContainsSubstring("held by process 7"));
  world.fabric = false;
  outcomes = run_pair({"fabric", kSecond, false, 2U << 20U});
  REQUIRE(outcomes[0].skipped() != nullptr);
  CHECK_THAT(outcomes[0].skipped()->reason, ContainsSubstring("no fabric handles"));
}

TEST_CASE("An end whose copy fails tells the other, and neither waits for nothing") {
  auto& world = fresh_world();
  world.failing = "cuMemcpyAsync";
  world.failure = 1;
  const auto outcomes = run_pair({});
  REQUIRE(outcomes.size() == 1);
  REQUIRE(outcomes[0].failed() != nullptr);
}
