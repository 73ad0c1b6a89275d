#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <set>

#include "probes/gpu/cases.hpp"
#include "probes/gpu/room.hpp"
#include "tests/probes/tree.hpp"

namespace {

using namespace plumbline;
using namespace plumbline::probes;

GpuWorld world_of(std::size_t gpus, std::vector<std::string> measure = {}) {
  GpuWorld world;
  for (std::size_t i = 0; i < gpus; ++i)
    world.gpus.push_back("GPU-" + std::to_string(i));
  world.numa_nodes = {0, 1};
  world.node = "node-1";
  world.sizes = {Bytes{1U << 20U}};
  world.measure = std::move(measure);
  return world;
}

std::size_t count(const std::string& probe, const GpuWorld& world) {
  return gpu_cases(probe, world).size();
}

std::string parameter(const GpuCase& one, const std::string& name) {
  const auto found = one.identity.parameters.find(name);
  return found == one.identity.parameters.end() ? "" : found->second;
}

const std::vector<std::string>& everything() {
  static const std::vector<std::string> words{"host_to_device",
                                              "device_to_host",
                                              "host_both_ways",
                                              "local",
                                              "write",
                                              "read",
                                              "both_ways",
                                              "host",
                                              "peers",
                                              "one_to_all",
                                              "all_to_one",
                                              "matching",
                                              "sm"};
  return words;
}

}  // namespace

TEST_CASE("The table gives each path of a node once, with an identity of its own") {
  for (const std::size_t gpus : {1U, 2U, 3U, 8U}) {
    std::set<std::string> keys;
    std::size_t cases = 0;
    for (const char* const probe : {"gpu_copy", "gpu_latency", "gpu_together"}) {
      for (const GpuCase& one : gpu_cases(probe, world_of(gpus, everything()))) {
        keys.insert(one.identity.key());
        ++cases;
        CHECK_FALSE(one.streams.empty());
      }
    }
    CHECK(keys.size() == cases);
  }
}

TEST_CASE("One GPU has its host paths and its own memory, and nobody to meet") {
  CHECK(count("gpu_copy", world_of(1)) == 7);  // three host rows from two NUMA nodes, and local
  CHECK(count("gpu_latency", world_of(1)) == 2);
  CHECK(count("gpu_together", world_of(1)) == 0);
}

TEST_CASE("Eight GPUs have every ordered pair, each unordered pair both ways, and seven rounds") {
  CHECK(count("gpu_copy", world_of(8)) == 48 + 8 + 56 + 28);
  CHECK(count("gpu_copy", world_of(8, {"read"})) == 56);
  CHECK(count("gpu_copy", world_of(8, {"read", "sm"})) == 112);
  CHECK(count("gpu_latency", world_of(8)) == 16 + 56);
  CHECK(count("gpu_together", world_of(8)) == 8 + 8 + 7);
}

TEST_CASE("A write is run by the GPU that gives, a read by the one that takes") {
  for (const GpuCase& one : gpu_cases("gpu_copy", world_of(3, {"write", "read"}))) {
    const GpuStream& stream = one.streams.front();
    CHECK(one.identity.from.device == stream.from.gpu);
    CHECK(one.identity.to.device == stream.to.gpu);
    const bool write = parameter(one, "direction") == "write";
    CHECK(stream.runner == (write ? stream.from.gpu : stream.to.gpu));
  }
}

TEST_CASE("Both ways are two streams that go against each other, each run by its giver") {
  for (const GpuCase& one : gpu_cases("gpu_copy", world_of(2, {"both_ways", "host_both_ways"}))) {
    REQUIRE(one.streams.size() == 2);
    CHECK(one.streams[0].from == one.streams[1].to);
    CHECK(one.streams[0].to == one.streams[1].from);
    CHECK(parameter(one, "traffic") == "both_ways");
    for (const GpuStream& stream : one.streams) {
      const bool host = stream.from.on_host() || stream.to.on_host();
      CHECK((host || stream.runner == stream.from.gpu));
      CHECK_FALSE(stream.runner.empty());
    }
  }
}

TEST_CASE("A modifier alone keeps the usual rows") {
  CHECK(count("gpu_copy", world_of(1, {"sm"})) == 14);
  CHECK(count("gpu_copy", world_of(1, {"local"})) == 1);
}

TEST_CASE("Only the largest size of a path is judged") {
  auto world = world_of(1, {"local"});
  world.sizes = sweep_sizes(Bytes{256U << 20U});
  CHECK(world.sizes.front() == Bytes{4096});
  CHECK(world.sizes.size() == 9);
  const auto cases = gpu_cases("gpu_copy", world);
  const auto judged = [](const GpuCase& one) { return one.judged; };
  CHECK(std::count_if(cases.begin(), cases.end(), judged) == 1);
  CHECK(cases.back().judged);
}

TEST_CASE("Each pair meets once in all rounds, and nobody twice in one") {
  for (const std::size_t ends : {2U, 3U, 4U, 5U, 8U, 9U}) {
    std::set<std::pair<std::size_t, std::size_t>> met;
    for (const auto& round : matchings(ends)) {
      std::set<std::size_t> busy;
      for (const auto& [one, other] : round) {
        CHECK(one < other);
        CHECK(other < ends);
        CHECK(busy.insert(one).second);
        CHECK(busy.insert(other).second);
        CHECK(met.emplace(one, other).second);
      }
    }
    CHECK(met.size() == ends * (ends - 1) / 2);
  }
  CHECK(matchings(1).empty());
}

TEST_CASE("The knee is the smallest size that gives nine tenths of the best") {
  CHECK(knee({}) == Bytes{0});
  const std::vector<std::pair<Bytes, double>> curve{
      {Bytes{4096}, 1e9}, {Bytes{65536}, 9.1e9}, {Bytes{1U << 20U}, 10e9}};
  CHECK(knee(curve) == Bytes{65536});
  CHECK(knee({{Bytes{4096}, 5e9}, {Bytes{65536}, 5e9}}) == Bytes{4096});
}

TEST_CASE("Memory is taken from what is free, less a margin, and the message shrinks to fit") {
  const Bytes gib{1ULL << 30U};
  CHECK(gpu_room(Bytes{80 * gib.count}, Bytes{80 * gib.count}).count == 76 * gib.count);
  CHECK(gpu_room(Bytes{gib.count / 4}, gib) == Bytes{0});
  CHECK(default_message(Bytes{76 * gib.count}, 2) == Bytes{256U << 20U});
  CHECK(default_message(Bytes{300U << 20U}, 2) == Bytes{128U << 20U});
  CHECK(default_message(Bytes{1000}, 2) == Bytes{0});
  CHECK(region_of(Bytes{4096}) == Bytes{1U << 20U});
  CHECK(region_of(Bytes{256U << 20U}) == Bytes{256U << 20U});
}

TEST_CASE("The host's memory is pinned within what its cgroup still gives") {
  const Tree tree;
  const FileTree root(tree.root());
  CHECK_FALSE(host_room(root));
  tree.file("proc/meminfo", "MemTotal: 64000000 kB\nMemAvailable: 33554432 kB\n");
  CHECK(host_room(root) == Bytes{2ULL << 30U});
  tree.file("sys/fs/cgroup/memory.current", "1073741824\n");
  tree.file("sys/fs/cgroup/memory.max", "max\n");
  CHECK(host_room(root) == Bytes{2ULL << 30U});
  tree.file("sys/fs/cgroup/memory.max", "2147483648\n");
  CHECK(host_room(root) == Bytes{256ULL << 20U});
  tree.file("proc/meminfo", "MemTotal: 1 kB\n");
  CHECK_FALSE(host_room(root));
}
