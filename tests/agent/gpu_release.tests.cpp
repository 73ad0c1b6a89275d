#include "agent/supervisor/gpu_release.hpp"

#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace plumbline;
using namespace plumbline::agent;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr std::uint32_t kNobody = 4'000'000'000U;  // above any number that a kernel gives

Topology with_process(std::optional<std::uint32_t> pid) {
  Gpu gpu;
  gpu.uuid = "GPU-1";
  gpu.processes.emplace();
  if (pid) gpu.processes->push_back({*pid, "compute", std::nullopt});
  Topology topology;
  topology.gpus.emplace();
  topology.gpus->gpus = {gpu};
  return topology;
}

Status proven(const AskGpus& ask, const std::set<std::string>& spared = {}) {
  SystemClock clock;
  return prove_gpus_free(ask, spared, FileTree("/proc"), clock,
                         Deadline::after(std::chrono::milliseconds(300)));
}

}  // namespace

TEST_CASE("A GPU is free when the driver tells no process, a living one is a tenant's") {
  CHECK(proven([](Deadline) { return with_process(std::nullopt); }));
  const auto living = static_cast<std::uint32_t>(::getpid());
  CHECK(proven([living](Deadline) { return with_process(living); }));
  CHECK(proven([](Deadline) { return Topology{}; }));
}

TEST_CASE("What a gone process keeps is waited for, then named; what was there before is spared") {
  int asked = 0;
  CHECK(proven([&asked](Deadline) {
    return with_process(++asked < 2 ? std::optional(kNobody) : std::nullopt);
  }));
  CHECK(asked == 2);
  const AskGpus kept = [](Deadline) { return with_process(kNobody); };
  const auto left = proven(kept);
  REQUIRE_FALSE(left);
  CHECK_THAT(left.error().message,
             ContainsSubstring("process 4000000000") && ContainsSubstring("still has GPU GPU-1"));
  CHECK(proven(kept, {"GPU-1"}));
}

TEST_CASE("A driver that does not answer has released nothing") {
  const auto silent = proven([](Deadline) -> Result<Topology> {
    return fail(ErrorCode::deadline_exceeded, "NVML hangs");
  });
  REQUIRE_FALSE(silent);
  CHECK_THAT(silent.error().message, ContainsSubstring("NVML hangs"));
}

TEST_CASE("A GPU is occupied when it has a process, or when nobody can tell") {
  Topology topology = with_process(7);
  CHECK(occupied_gpus(topology) == std::set<std::string>{"GPU-1"});
  topology.gpus->gpus[0].processes->clear();
  CHECK(occupied_gpus(topology).empty());
  topology.gpus->gpus[0].processes.reset();
  CHECK(occupied_gpus(topology).size() == 1);
}
