// The driver room against a libcuda of our own: what is called, in which order, with what.

#include <dlfcn.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <set>

#include "probes/drivers/cuda/cuda_machine.hpp"
#include "tests/probes/drivers/cuda/stub_driver.hpp"

namespace {

using namespace plumbline;
using namespace plumbline::probes;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

constexpr const char* kFirst = "GPU-ab000000-0000-0000-0000-000000000002";   // lower PCI address
constexpr const char* kSecond = "GPU-ab000000-0000-0000-0000-000000000001";  // CUDA's index 0

stub::World& fresh_world() {
  void* const library = dlopen(PLUMBLINE_STUB_CUDA, RTLD_NOW | RTLD_LOCAL);
  REQUIRE(library != nullptr);
  const auto ask = reinterpret_cast<stub::WorldFunction>(dlsym(library, "stub_world"));
  REQUIRE(ask != nullptr);
  stub::World& world = *ask();
  world = {};
  return world;
}

Result<std::unique_ptr<GpuMachine>> open_stub() { return open_cuda_machine(PLUMBLINE_STUB_CUDA); }

std::unique_ptr<GpuMachine> machine_of_stub() {
  auto machine = open_stub();
  REQUIRE(machine);
  return std::move(*machine);
}

Deadline soon() { return Deadline::after(std::chrono::seconds(20)); }

GpuPlace at(const std::string& uuid) { return {uuid, std::nullopt}; }

std::unique_ptr<GpuRegion> take(GpuMachine& machine, const GpuPlace& place, std::uint64_t size) {
  auto region = machine.allocate(place, Bytes{size});
  REQUIRE(region);
  return std::move(*region);
}

}  // namespace

TEST_CASE("No libcuda is no NVIDIA driver, which is a reason to skip") {
  const auto machine = open_cuda_machine("/nonexistent/libcuda.so.1");
  REQUIRE_FALSE(machine);
  CHECK(machine.error().code == ErrorCode::unavailable);
  CHECK_THAT(machine.error().message, StartsWith("no NVIDIA driver: "));
}

TEST_CASE("A library that is not libcuda is no NVIDIA driver either") {
  const auto machine = open_cuda_machine("libm.so.6");
  REQUIRE_FALSE(machine);
  CHECK_THAT(machine.error().message, StartsWith("no NVIDIA driver: "));
}

TEST_CASE("A driver that is older than the kernels' toolkit is skipped with that reason") {
  auto& world = fresh_world();
  for (const int version : {11080, 10020}) {
    world.version = version;
    const auto machine = open_stub();
    REQUIRE_FALSE(machine);
    CHECK(machine.error().code == ErrorCode::unavailable);
    CHECK_THAT(machine.error().message, ContainsSubstring("these kernels need"));
  }
  world.version = 13010;
  CHECK(open_stub());
}

TEST_CASE("A missing function is named") {
  auto& world = fresh_world();
  for (const char* const name : {"cuMemcpyAsync", "cuMemImportFromShareableHandle"}) {
    world.missing = name;
    const auto machine = open_stub();
    REQUIRE_FALSE(machine);
    CHECK_THAT(machine.error().message, ContainsSubstring(std::string("has no ") + name));
  }
}

TEST_CASE("A driver without a GPU for this process is a reason to skip") {
  auto& world = fresh_world();
  world.init_result = 100;
  CHECK_THAT(open_stub().error().message, ContainsSubstring("no GPU is given"));
  world.init_result = 803;
  CHECK_THAT(open_stub().error().message, ContainsSubstring("starting the NVIDIA driver"));
  world.init_result = 0;
  world.devices = 0;
  CHECK(open_stub().error().code == ErrorCode::unavailable);
}

TEST_CASE("GPUs are known by UUID and come by PCI address; looking at them makes no context") {
  auto& world = fresh_world();
  const auto machine = machine_of_stub();
  REQUIRE(machine->units().size() == 2);
  CHECK(machine->units()[0].uuid == kFirst);
  CHECK(machine->units()[0].pci_address == "0000:aa:00.0");
  CHECK(machine->units()[1].uuid == kSecond);
  CHECK(machine->units()[1].memory == Bytes{1U << 30U});
  CHECK(world.live == 0);
  REQUIRE(machine->free_memory(kFirst));
  CHECK(world.live == 2);  // its context and a stream
  CHECK(machine->free_memory("GPU-other").error().code == ErrorCode::not_found);
}

TEST_CASE("Copies by either engine, from the host, back, within and between GPUs, arrive whole") {
  auto& world = fresh_world();
  {
    const auto machine = machine_of_stub();
    const GpuPlace host{{}, machine->numa_nodes().front()};
    const std::vector<std::pair<GpuPlace, GpuPlace>> ways{{host, at(kFirst)},
                                                          {at(kFirst), host},
                                                          {at(kFirst), at(kFirst)},
                                                          {at(kFirst), at(kSecond)}};
    for (const auto& [from, to] : ways) {
      for (const auto engine : {CopyEngine::dma, CopyEngine::sm}) {
        const auto source = take(*machine, from, 64 * 1024);
        const auto destination = take(*machine, to, 64 * 1024);
        REQUIRE(machine->fill(*source, 11, kFirst));
        REQUIRE(machine->poison(*destination, kFirst));
        CHECK(machine->compare(*destination, Bytes{65536}, 11, kFirst)->wrong > 65000);
        const CopyOrder order{source.get(), destination.get(), kFirst, engine, Bytes{16384}, 6};
        const auto times = machine->copy({order}, soon());
        REQUIRE(times);
        CHECK(times->front().elapsed.value > 0);
        const auto found = machine->compare(*destination, Bytes{65536}, 11, kFirst);
        REQUIRE(found);
        CHECK(found->wrong == 0);
        CHECK_FALSE(found->first);
      }
    }
    CHECK(world.held_copies > 0);
  }
  CHECK(world.live == 0);
}

TEST_CASE("Fewer copies than messages fit leave the rest poisoned") {
  fresh_world();
  const auto machine = machine_of_stub();
  const auto source = take(*machine, at(kFirst), 65536);
  const auto destination = take(*machine, at(kFirst), 65536);
  REQUIRE(machine->fill(*source, 4, kFirst));
  REQUIRE(machine->poison(*destination, kFirst));
  const CopyOrder order{source.get(), destination.get(), kFirst, CopyEngine::dma, Bytes{16384}, 2};
  REQUIRE(machine->copy({order}, soon()));
  CHECK(machine->compare(*destination, Bytes{32768}, 4, kFirst)->wrong == 0);
  CHECK(machine->compare(*destination, Bytes{65536}, 4, kFirst)->first.value_or(0) == 32768);
}

TEST_CASE("A changed byte is found by the comparison, with its place") {
  auto& world = fresh_world();
  const auto machine = machine_of_stub();
  const auto source = take(*machine, at(kFirst), 65536);
  const auto destination = take(*machine, at(kSecond), 65536);
  REQUIRE(machine->fill(*source, 4, kFirst));
  world.corrupts = true;
  const CopyOrder order{source.get(), destination.get(), kFirst, CopyEngine::dma, Bytes{65536}, 1};
  REQUIRE(machine->copy({order}, soon()));
  world.corrupts = false;
  const auto found = machine->compare(*destination, Bytes{65536}, 4, kFirst);
  REQUIRE(found);
  CHECK(found->wrong == 1);
  CHECK(found->first == 32768);
}

TEST_CASE("Streams of several GPUs run behind one hold and each has its time") {
  auto& world = fresh_world();
  const auto machine = machine_of_stub();
  const auto one = take(*machine, at(kFirst), 65536);
  const auto other = take(*machine, at(kSecond), 65536);
  const auto back = take(*machine, at(kFirst), 65536);
  REQUIRE(machine->fill(*one, 1, kFirst));
  REQUIRE(machine->fill(*other, 1, kFirst));
  const std::vector<CopyOrder> orders{
      {one.get(), other.get(), kFirst, CopyEngine::dma, Bytes{4096}, 200},
      {other.get(), back.get(), kSecond, CopyEngine::sm, Bytes{4096}, 256}};
  const auto times = machine->copy(orders, soon());
  REQUIRE(times);
  CHECK(times->size() == 2);
  CHECK(world.held_copies >= 200);
  CHECK(machine->compare(*back, Bytes{65536}, 1, kFirst)->wrong == 0);
}

TEST_CASE("Orders that cannot be served are refused before anything is queued") {
  fresh_world();
  const auto machine = machine_of_stub();
  const auto region = take(*machine, at(kFirst), 4096);
  const auto other = take(*machine, at(kFirst), 4096);
  const CopyOrder good{region.get(), other.get(), kFirst, CopyEngine::dma, Bytes{4096}, 1};
  auto order = good;
  order.repeats = GpuMachine::kMostRepeats + 1;
  CHECK(machine->copy({order}, soon()).error().code == ErrorCode::invalid_input);
  order = good;
  order.message = Bytes{8192};
  CHECK(machine->copy({order}, soon()).error().code == ErrorCode::invalid_input);
  order.message = Bytes{24};
  CHECK(machine->copy({order}, soon()).error().code == ErrorCode::invalid_input);
  order = good;
  order.runner = "GPU-other";
  CHECK(machine->copy({order}, soon()).error().code == ErrorCode::not_found);
  CHECK_FALSE(machine->copy({}, soon()));
  CHECK_FALSE(machine->allocate(at(kFirst), Bytes{100}));
}

TEST_CASE("GPUs that do not reach each other say so") {
  auto& world = fresh_world();
  world.peers = false;
  const auto machine = machine_of_stub();
  CHECK(machine->reach(kFirst, kFirst));
  const auto closed = machine->reach(kFirst, kSecond);
  REQUIRE_FALSE(closed);
  CHECK(closed.error().code == ErrorCode::unavailable);
}

TEST_CASE("Memory that is not there is a conflict, and nothing is lost by it") {
  auto& world = fresh_world();
  const auto machine = machine_of_stub();
  REQUIRE(machine->free_memory(kFirst));
  world.failing = "cuMemAlloc";
  world.failure = 2;
  CHECK(machine->allocate(at(kFirst), Bytes{4096}).error().code == ErrorCode::conflict);
  world.failing.clear();
  CHECK(machine->allocate(at(kFirst), Bytes{4096}));
  CHECK(world.resets == 0);
}

TEST_CASE(
    "A sticky error resets the contexts, is told again by everything, and ends with the machine") {
  auto& world = fresh_world();
  auto machine = machine_of_stub();
  auto region = take(*machine, at(kFirst), 4096);
  world.failing = "plumbline_fill";
  world.failure = 700;
  const auto failed = machine->fill(*region, 1, kFirst);
  REQUIRE_FALSE(failed);
  CHECK_THAT(failed.error().message, ContainsSubstring("starting plumbline_fill"));
  CHECK(world.resets == 1);
  world.failing.clear();
  const auto again = machine->fill(*region, 1, kFirst);
  REQUIRE_FALSE(again);
  CHECK_THAT(again.error().message, ContainsSubstring("context is lost since"));
  region.reset();
  machine.reset();
  const auto next = machine_of_stub();
  CHECK(next->free_memory(kFirst));
}

TEST_CASE(
    "Half round trips between two GPUs, and between a GPU and the host, are samples in seconds") {
  fresh_world();
  const auto machine = machine_of_stub();
  for (const GpuPlace& other : {at(kSecond), GpuPlace{{}, machine->numa_nodes().front()}}) {
    const auto halves = machine->ping_pong(kFirst, other, 100, soon());
    REQUIRE(halves);
    REQUIRE(halves->size() == 100);
    for (const double half : *halves)
      CHECK(half >= 0);
  }
  CHECK_FALSE(machine->ping_pong(kFirst, at(kFirst), 10, soon()));
  CHECK_FALSE(machine->ping_pong(kFirst, at(kSecond), 0, soon()));
}

TEST_CASE("Memory shared by either handle is the same memory at the other end") {
  auto& world = fresh_world();
  {
    const auto owner = machine_of_stub();
    const auto guest = machine_of_stub();
    for (const auto kind : {ShareKind::ipc, ShareKind::fabric}) {
      std::string words;
      auto shared = owner->allocate_shared(at(kFirst), Bytes{2U << 20U}, kind, words);
      REQUIRE(shared);
      auto opened = guest->open_shared(words, kSecond);
      REQUIRE(opened);
      CHECK((*opened)->size() == Bytes{2U << 20U});
      CHECK((*opened)->place().gpu == kFirst);
      REQUIRE(guest->fill(**opened, 9, kSecond));
      CHECK(owner->compare(**shared, Bytes{2U << 20U}, 9, kFirst)->wrong == 0);
    }
  }
  CHECK(world.live == 0);
}

TEST_CASE("Words of another process that are not understood are refused") {
  fresh_world();
  const auto machine = machine_of_stub();
  const std::string handle(128, 'a');
  for (const auto& words :
       {std::string{}, std::string("ipc"), "ipc 4096 " + handle, "tcp 4096 " + handle + " GPU-1",
        "ipc 0 " + handle + " GPU-1", "ipc 4096 " + std::string(128, 'g') + " GPU-1",
        "ipc 4097 " + handle + " GPU-1", "ipc -16 " + handle + " GPU-1"}) {
    const auto opened = machine->open_shared(words, kFirst);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == ErrorCode::invalid_input);
  }
}

TEST_CASE("No fabric handles, and no right to them, are told apart") {
  auto& world = fresh_world();
  const auto machine = machine_of_stub();
  std::string words;
  world.failing = "cuMemCreate";
  world.failure = 800;
  CHECK(machine->allocate_shared(at(kFirst), Bytes{4096}, ShareKind::fabric, words).error().code ==
        ErrorCode::permission_denied);
  world.fabric = false;
  CHECK(machine->allocate_shared(at(kFirst), Bytes{4096}, ShareKind::fabric, words).error().code ==
        ErrorCode::unavailable);
}
