#include "probes/drivers/host/inside.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cstdlib>

#include "core/json/codec.hpp"
#include "probes/inventory.hpp"
#include "tests/probes/tree.hpp"

using namespace plumbline;
using namespace plumbline::probes;

namespace {

constexpr const char* kDevices =
    "Character devices:\n  1 mem\n195 nvidia\n231 infiniband_verbs\n\nBlock devices:\n  7 nvidia\n";

std::vector<std::string> paths(const InsideView& inside) {
  std::vector<std::string> all;
  for (const DeviceNode& node : inside.nodes)
    all.push_back(node.path);
  return all;
}

}  // namespace

TEST_CASE("A driver's number is that of its character device") {
  CHECK(major_of(kDevices, "nvidia") == 195);
  CHECK(major_of(kDevices, "infiniband_verbs") == 231);
  CHECK(major_of(kDevices, "nvidia-caps-imex-channels") == -1);
  CHECK(major_of("", "nvidia") == -1);
  CHECK(major_of("Character devices:\nx y z\n195\n", "nvidia") == -1);
}

TEST_CASE("A container's device nodes are found by name, and what was put in their place is told") {
  const Tree tree;
  tree.file("proc/devices", kDevices);
  tree.file("dev/nvidia1", "");
  tree.file("dev/nvidiactl", "");
  tree.file("dev/nvidia-uvm", "");
  tree.file("dev/nvidia12345678901", "");
  tree.file("dev/nvidia-caps-imex-channels/channel7", "");
  tree.file("dev/infiniband/uverbs0", "");
  tree.file("dev/infiniband/rdma_cm", "");
  tree.file("sys/class/infiniband_verbs/uverbs0/ibdev", "mlx5_0");
  const InsideView inside = look_inside(FileTree(tree.root()));
  REQUIRE(paths(inside) == std::vector<std::string>{"/dev/infiniband/uverbs0",
                                                    "/dev/nvidia-caps-imex-channels/channel7",
                                                    "/dev/nvidia1"});
  CHECK(inside.nodes[0].kind == "rdma");
  CHECK(inside.nodes[0].device == "mlx5_0");
  CHECK(inside.nodes[1].kind == "imex_channel");
  CHECK(inside.nodes[1].device == "7");
  CHECK(inside.nodes[2].kind == "gpu");
  CHECK(inside.nodes[2].device == "1");
  for (const DeviceNode& node : inside.nodes) {
    CHECK(node.stand_in);
    CHECK(node.opens);
    CHECK(node.number.empty());
  }
}

TEST_CASE("A link under the name of a device is not followed") {
  const Tree tree;
  tree.file("elsewhere", "");
  tree.link("dev/nvidia0", (tree.root() / "elsewhere").string());
  const InsideView inside = look_inside(FileTree(tree.root()));
  REQUIRE(inside.nodes.size() == 1);
  CHECK_FALSE(inside.nodes[0].opens);
  CHECK_FALSE(inside.nodes[0].problem.empty());
  CHECK(inside.nodes[0].stand_in);
}

TEST_CASE("Where nothing is given nothing is seen, and what cannot be read is told") {
  const Tree tree;
  const InsideView inside = look_inside(FileTree(tree.root()));
  CHECK(inside.nodes.empty());
  CHECK(inside.problems.size() == 2);
}

TEST_CASE("The limits and the variables of a container are told, other variables never") {
  const Tree tree;
  tree.file("proc/devices", kDevices);
  tree.file("proc/self/status", "Name:\tx\nCpus_allowed_list:\t0-1,4\nMems_allowed_list:\t1");
  REQUIRE(setenv("PCIDEVICE_EXAMPLE_COM_NIC", "ens1,ens2", 1) == 0);
  REQUIRE(setenv("PLUMBLINE_SECRET", "x", 1) == 0);
  const InsideView inside = look_inside(FileTree(tree.root()));
  unsetenv("PCIDEVICE_EXAMPLE_COM_NIC");
  unsetenv("PLUMBLINE_SECRET");
  CHECK(inside.cpus == std::vector<int>{0, 1, 4});
  CHECK(inside.memory_nodes == std::vector<int>{1});
  CHECK(inside.environment.at("PCIDEVICE_EXAMPLE_COM_NIC") == "ens1,ens2");
  CHECK_FALSE(inside.environment.contains("PLUMBLINE_SECRET"));
  CHECK(inside.problems.empty());
}

TEST_CASE("The inventory looks inside when it is asked to, and then alone") {
  Request request;
  CHECK_FALSE(take_inventory(request, Deadline::after(std::chrono::seconds(20))).inside);
  request.options["inside"] = "yes";
  const auto seen = take_inventory(request, Deadline::after(std::chrono::seconds(20)));
  REQUIRE(seen.inside);
  CHECK_FALSE(seen.inside->cpus.empty());
  CHECK(json::encode(*json::decode_topology(json::encode(seen))) == json::encode(seen));
}
