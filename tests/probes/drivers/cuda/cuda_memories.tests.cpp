// A GPU's memory for RDMA against a libcuda of our own.

#include "probes/drivers/cuda/cuda_memories.hpp"

#include <dlfcn.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/probes/drivers/cuda/stub_driver.hpp"

namespace {

using namespace plumbline;
using namespace plumbline::probes;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

stub::World& fresh_world() {
  void* const library = dlopen(PLUMBLINE_STUB_CUDA, RTLD_NOW | RTLD_LOCAL);
  REQUIRE(library != nullptr);
  const auto ask = reinterpret_cast<stub::WorldFunction>(dlsym(library, "stub_world"));
  REQUIRE(ask != nullptr);
  stub::World& world = *ask();
  world = {};
  return world;
}

}  // namespace

TEST_CASE("A GPU's memory for RDMA is exported as dma-buf, copied to and fro, and given back") {
  stub::World& world = fresh_world();
  {
    const auto memories = cuda_memories(PLUMBLINE_STUB_CUDA);
    REQUIRE(memories);
    const auto gpus = (*memories)->gpus();
    REQUIRE(gpus.size() == 2);
    auto memory = (*memories)->allocate(gpus[0], Bytes{1000});
    REQUIRE(memory);
    CHECK((*memory)->size() == 2U << 20U);
    const auto buffer = (*memory)->dma_buf();
    REQUIRE(buffer);
    CHECK((*memory)->dma_buf() == *buffer);
    const std::vector<std::byte> sent(1000, std::byte{9});
    std::vector<std::byte> got(1000);
    REQUIRE((*memory)->give(sent));
    REQUIRE((*memory)->take(got));
    CHECK(got == sent);
    CHECK((*memories)->allocate("0000:ff:00.0", Bytes{64}).error().code == ErrorCode::not_found);
  }
  CHECK(world.live == 0);
}

TEST_CASE("Where no dma-buf can be had the reason is told, and everything is given back") {
  stub::World& world = fresh_world();
  std::string words;
  SECTION("an old driver") {
    world.missing = "cuMemGetHandleForAddressRange";
    words = "this NVIDIA driver exports no dma-buf";
  }
  SECTION("closed kernel modules") {
    world.dma_buf = false;
    words = "CU_DEVICE_ATTRIBUTE_DMA_BUF_SUPPORTED is 0";
  }
  SECTION("a refusal") {
    world.failing = "cuMemGetHandleForAddressRange";
    words = "exporting a GPU's memory as dma-buf";
  }
  {
    const auto memories = cuda_memories(PLUMBLINE_STUB_CUDA);
    REQUIRE(memories);
    auto memory = (*memories)->allocate((*memories)->gpus()[0], Bytes{64});
    REQUIRE(memory);
    CHECK_THAT((*memory)->dma_buf().error().message, ContainsSubstring(words));
  }
  CHECK(world.live == 0);
}

TEST_CASE("Memory that the driver does not give is an error, and no driver is a reason to skip") {
  stub::World& world = fresh_world();
  world.failing = "cuMemAlloc";
  {
    const auto memories = cuda_memories(PLUMBLINE_STUB_CUDA);
    REQUIRE(memories);
    CHECK_FALSE((*memories)->allocate((*memories)->gpus()[0], Bytes{64}));
  }
  CHECK(world.live == 0);
  CHECK_THAT(cuda_memories("/nonexistent/libcuda.so.1").error().message,
             StartsWith("no NVIDIA driver: "));
}
