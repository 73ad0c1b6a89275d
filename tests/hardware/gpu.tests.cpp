// The CUDA room on a real GPU: what only hardware can show. Skipped, with the reason, without one.

#include <catch2/catch_test_macros.hpp>

#include "probes/drivers/cuda/cuda_machine.hpp"

namespace {

using namespace plumbline;
using namespace plumbline::probes;

std::unique_ptr<GpuMachine> machine_or_skip() {
  auto machine = open_cuda_machine();
  if (!machine) SKIP(machine.error().message);
  return std::move(*machine);
}

Deadline soon() { return Deadline::after(std::chrono::seconds(30)); }

constexpr std::uint64_t kSize = 8U << 20U;

struct Scene {
  std::unique_ptr<GpuMachine> machine = machine_or_skip();
  std::string gpu = machine->units().front().uuid;
  GpuPlace device{gpu, std::nullopt};
  GpuPlace host{{}, machine->numa_nodes().front()};

  std::unique_ptr<GpuRegion> take(const GpuPlace& place, std::uint64_t size = kSize) {
    auto region = machine->allocate(place, Bytes{size});
    if (!region) FAIL(region.error().message);
    return std::move(*region);
  }
  void copy(const GpuRegion& from, GpuRegion& to, CopyEngine engine, std::uint64_t message,
            std::uint32_t repeats = 1) {
    const auto times = machine->copy({{&from, &to, gpu, engine, Bytes{message}, repeats}}, soon());
    if (!times) FAIL(times.error().message);
    CHECK(times->front().elapsed.value > 0);
  }
  Comparison compare(const GpuRegion& region, std::uint64_t seed, std::uint64_t size = kSize) {
    const auto found = machine->compare(region, Bytes{size}, seed, gpu);
    if (!found) FAIL(found.error().message);
    return *found;
  }
};

}  // namespace

TEST_CASE("On a GPU: what either engine copies, from and to either side, arrives whole") {
  Scene scene;
  for (const auto& [from, to] : {std::pair{scene.host, scene.device},
                                 {scene.device, scene.host},
                                 {scene.device, scene.device}}) {
    for (const auto engine : {CopyEngine::dma, CopyEngine::sm}) {
      const auto source = scene.take(from);
      const auto destination = scene.take(to);
      REQUIRE(scene.machine->fill(*source, 7, scene.gpu));
      REQUIRE(scene.machine->poison(*destination, scene.gpu));
      CHECK(scene.compare(*destination, 7).wrong > kSize / 2);
      scene.copy(*source, *destination, engine, kSize / 4, 4);
      CHECK(scene.compare(*destination, 7).wrong == 0);
    }
  }
}

TEST_CASE("On a GPU: planted errors are found on the device, their number and the first place") {
  Scene scene;
  for (const GpuPlace& place : {scene.device, scene.host}) {
    const auto good = scene.take(place);
    const auto other = scene.take(scene.device, 4096);
    REQUIRE(scene.machine->fill(*good, 7, scene.gpu));
    REQUIRE(scene.machine->poison(*other, scene.gpu));
    CHECK(scene.compare(*good, 7).wrong == 0);
    scene.copy(*other, *good, CopyEngine::dma, 4096);  // the first 4 KiB are poison now
    const auto found = scene.compare(*good, 7);
    CHECK(found.wrong > 4000);
    CHECK(found.wrong <= 4096);
    CHECK(found.first.value_or(9999) < 16);
  }
}

TEST_CASE("On a GPU: a batch's seed is not another batch's") {
  Scene scene;
  const auto region = scene.take(scene.device);
  REQUIRE(scene.machine->fill(*region, 7, scene.gpu));
  CHECK(scene.compare(*region, 8).wrong > kSize / 2);
}

TEST_CASE("On a GPU: both directions run together behind one hold, as many copies as may be held") {
  Scene scene;
  const auto up = scene.take(scene.host);
  const auto up_to = scene.take(scene.device);
  const auto down = scene.take(scene.device);
  const auto down_to = scene.take(scene.host);
  REQUIRE(scene.machine->fill(*up, 1, scene.gpu));
  REQUIRE(scene.machine->fill(*down, 2, scene.gpu));
  const auto most = GpuMachine::kMostRepeats;
  for (const auto engine : {CopyEngine::dma, CopyEngine::sm}) {
    const auto times =
        scene.machine->copy({{up.get(), up_to.get(), scene.gpu, engine, Bytes{4096}, most},
                             {down.get(), down_to.get(), scene.gpu, engine, Bytes{4096}, most}},
                            soon());
    if (!times) FAIL(times.error().message);
    CHECK(scene.compare(*up_to, 1, 4096 * most).wrong == 0);
    CHECK(scene.compare(*down_to, 2, 4096 * most).wrong == 0);
  }
}

TEST_CASE("On a GPU: a flag goes to the host and back in a believable time") {
  Scene scene;
  const auto halves = scene.machine->ping_pong(scene.gpu, scene.host, 1000, soon());
  if (!halves) FAIL(halves.error().message);
  REQUIRE(halves->size() == 1000);
  for (const double half : *halves)
    CHECK(half > 1e-8);
}

TEST_CASE("On a GPU: more memory than there is, is a conflict and leaves the GPU usable") {
  Scene scene;
  const auto unit = scene.machine->units().front();
  const auto region = scene.machine->allocate(scene.device, Bytes{unit.memory.count * 4});
  REQUIRE_FALSE(region);
  CHECK(region.error().code == ErrorCode::conflict);
  const auto again = scene.take(scene.device);
  CHECK(scene.machine->fill(*again, 7, scene.gpu));
}
