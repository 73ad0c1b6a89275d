#include "probes/drivers/verbs/rdma_facts.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "probes/drivers/verbs/device_files.hpp"
#include "probes/drivers/verbs/gid_choice.hpp"
#include "probes/drivers/verbs/port_counters.hpp"
#include "probes/drivers/verbs/port_rate.hpp"
#include "tests/probes/tree.hpp"

using namespace plumbline;
using namespace plumbline::probes;

namespace {

const char* const kZero = "0000:0000:0000:0000:0000:0000:0000:0000";
const char* const kLocal = "fe80:0000:0000:0000:5054:00ff:fe00:0001";
const char* const kFour = "0000:0000:0000:0000:0000:ffff:0a46:010b";
const char* const kSix = "fd00:0000:0000:0000:0000:0000:0000:0001";

/// A ConnectX port on Ethernet: mlx5_0 over ens1 below a root port.
void add_mlx5(const Tree& tree, const std::string& link_layer = "Ethernet") {
  const std::string function = "sys/devices/pci0000:40/0000:40:01.0/0000:41:00.0";
  const std::string device = function + "/infiniband/mlx5_0";
  tree.file(function + "/numa_node", "1");
  tree.file("sys/devices/pci0000:40/0000:40:01.0/config", std::string(64, 'x'));
  tree.directory("sys/bus/pci/drivers/mlx5_core");
  tree.directory(function + "/net/ens1");
  tree.link(function + "/driver", "../../../../bus/pci/drivers/mlx5_core");
  tree.link(device + "/device", "../..");
  tree.link("sys/class/infiniband/mlx5_0", "../../../" + device);
  tree.link("sys/bus/pci/devices/0000:41:00.0", "../../../../" + function);
  tree.link("sys/bus/pci/devices/0000:40:01.0", "../../../devices/pci0000:40/0000:40:01.0");
  tree.file(device + "/node_guid", "506b:4b03:005b:ef3a");
  tree.file(device + "/fw_ver", "28.39.1002");
  const std::string port = device + "/ports/1";
  tree.file(port + "/state", "4: ACTIVE");
  tree.file(port + "/phys_state", "5: LinkUp");
  tree.file(port + "/rate", "400 Gb/sec (4X NDR)");
  tree.file(port + "/link_layer", link_layer);
  tree.file(port + "/lid", "0x11");
  tree.file(port + "/sm_lid", "0x1");
  for (const auto& [index, gid] : {std::pair{0, kLocal}, {1, kLocal}, {2, kFour}, {3, kZero}}) {
    const std::string number = std::to_string(index);
    tree.file(port + "/gids/" + number, gid);
    if (gid == kZero) continue;
    tree.file(port + "/gid_attrs/types/" + number, index == 0 ? "IB/RoCE v1" : "RoCE v2");
    tree.file(port + "/gid_attrs/ndevs/" + number, "ens1");
  }
  tree.file(port + "/counters/port_xmit_data", "1000");
  tree.file(port + "/counters/port_rcv_data", "2000");
  tree.file(port + "/counters/link_downed", "1");
  tree.file(port + "/hw_counters/out_of_sequence", "4");
  tree.file(port + "/hw_counters/lifespan", "10");
  tree.file("sys/class/infiniband_verbs/uverbs0/ibdev", "mlx5_0");
  tree.file("dev/infiniband/uverbs0", "");
}

RdmaPort port_with(std::vector<RdmaGid> gids, const std::string& link_layer = "Ethernet") {
  RdmaPort port;
  port.link_layer = link_layer;
  port.gids = std::move(gids);
  return port;
}

}  // namespace

TEST_CASE("A port's rate is what is left for data on InfiniBand, and the link's own on Ethernet") {
  RdmaPort port;
  port.link_layer = "InfiniBand";
  read_port_rate("100 Gb/sec (4X EDR)", port);
  CHECK(port.rate == bits_per_second(100e9));
  CHECK(port.width == 4);
  CHECK(port.coding == "64b/66b");
  read_port_rate("40 Gb/sec (4X QDR)", port);
  CHECK(port.rate->value == Catch::Approx(bits_per_second(32e9).value));
  CHECK(port.coding == "8b/10b");
  read_port_rate("56 Gb/sec (4X FDR)", port);
  CHECK(port.rate->value == Catch::Approx(bits_per_second(56e9 * 64 / 66).value));
  RdmaPort ethernet;
  ethernet.link_layer = "Ethernet";
  read_port_rate("40 Gb/sec (4X QDR)", ethernet);
  CHECK(ethernet.rate == bits_per_second(40e9));
  CHECK(ethernet.coding.empty());
}

TEST_CASE("A rate of another form is no rate") {
  for (const char* text : {"", "fast", "100 Gb/sec", "-4 Gb/sec (4X EDR)", "1e9 Gb/sec (4X EDR)",
                           "100 Gb/sec (0X EDR)", "100 Gb/sec (x"}) {
    RdmaPort port;
    read_port_rate(text, port);
    CHECK_FALSE(port.rate);
  }
}

TEST_CASE("The GID of a RoCE port is the routable one over IPv4, and each other one has a reason") {
  RdmaPort port = port_with({{0, kLocal, "IB/RoCE v1", "ens1", false, {}},
                             {1, kLocal, "RoCE v2", "ens1", false, {}},
                             {2, kFour, "RoCE v2", "ens1", false, {}},
                             {3, kSix, "RoCE v2", "", false, {}},
                             {4, kSix, "", "", false, {}}});
  choose_gid(port);
  REQUIRE(port.used_gid == 2);
  CHECK(port.gids[2].used);
  CHECK(port.gids[0].why.find("RoCE v1") != std::string::npos);
  CHECK(port.gids[1].why.find("GID 2") != std::string::npos);
  CHECK(port.gids[3].why.find("no network device") != std::string::npos);
  CHECK(port.gids[4].why.find("not in this network namespace") != std::string::npos);
}

TEST_CASE("Link-local is a last resort, and what was asked for is taken as it is") {
  RdmaPort port = port_with(
      {{0, kLocal, "RoCE v2", "ens1", false, {}}, {1, kSix, "RoCE v2", "ens1", false, {}}});
  choose_gid(port);
  CHECK(port.used_gid == 1);
  choose_gid(port, 0);
  CHECK(port.used_gid == 0);
  choose_gid(port, 7);
  CHECK_FALSE(port.used_gid);
  CHECK(port.gid_problem == "GID 7 is zero or not there");
}

TEST_CASE("A table of zero GIDs, or of useless ones, has one reason") {
  RdmaPort empty = port_with({});
  empty.zero_gids = 256;
  choose_gid(empty);
  CHECK_FALSE(empty.used_gid);
  CHECK(empty.gid_problem.find("all 256 GIDs are zero") != std::string::npos);
  RdmaPort useless = port_with({{0, kFour, "IB/RoCE v1", "ens1", false, {}}});
  choose_gid(useless);
  CHECK_FALSE(useless.used_gid);
  CHECK(useless.gid_problem.find("RoCE v1") != std::string::npos);
}

TEST_CASE("A device of a tree is told with its place, ports, GIDs and counters") {
  const Tree tree;
  add_mlx5(tree);
  const auto devices = read_rdma_devices(FileTree(tree.root()));
  REQUIRE(devices.size() == 1);
  const RdmaDevice& device = devices[0];
  CHECK(device.name == "mlx5_0");
  CHECK(device.driver == "mlx5_core");
  CHECK(device.pci_address == "0000:41:00.0");
  CHECK(device.pcie_root == "pci0000:40");
  CHECK(device.numa == 1);
  CHECK(device.netdevs == std::vector<std::string>{"ens1"});
  CHECK(device.uverbs == "/dev/infiniband/uverbs0");
  CHECK(device.access_control.find("CAP_SYS_ADMIN") != std::string::npos);
  REQUIRE(device.ports.size() == 1);
  const RdmaPort& port = device.ports[0];
  CHECK(port.state == "ACTIVE");
  CHECK(port.physical_state == "LinkUp");
  CHECK(port.rate == bits_per_second(400e9));
  CHECK(port.zero_gids == 1);
  CHECK(port.used_gid == 2);
  CHECK_FALSE(port.lid);
  CHECK(port.counters.at("port_rcv_data") == 2000);
  CHECK(port.hw_counters.count("lifespan") == 0);
  CHECK(port.problems.empty());
}

TEST_CASE("On InfiniBand the subnet manager's LID and the subnet are told, and GID 0 is used") {
  const Tree tree;
  add_mlx5(tree, "InfiniBand");
  const auto devices = read_rdma_devices(FileTree(tree.root()));
  const RdmaPort& port = devices.at(0).ports.at(0);
  CHECK(port.lid == 17U);
  CHECK(port.sm_lid == 1U);
  CHECK(port.subnet_manager.find("at LID 1; the switch behind the port is unknown") == 0);
  CHECK(port.subnet_prefix == "fe80:0000:0000:0000");
  CHECK(port.used_gid == 0);
}

TEST_CASE("A missing uverbs node and an unreadable counter are reasons, not silence") {
  const Tree tree;
  add_mlx5(tree);
  std::filesystem::remove(tree.root() / "dev/infiniband/uverbs0");
  const std::string counters = "sys/class/infiniband/mlx5_0/ports/1/counters/";
  tree.file(counters + "symbol_error", "N/A (no PMA)");
  std::filesystem::remove(tree.root() / (counters + "port_xmit_data"));
  std::filesystem::create_directory(tree.root() / (counters + "port_xmit_data"));
  const auto devices = read_rdma_devices(FileTree(tree.root()));
  const RdmaDevice& device = devices.at(0);
  CHECK(device.uverbs.empty());
  CHECK(device.problems.at(0).find("/dev/infiniband/uverbs0 is missing") == 0);
  REQUIRE(device.ports.at(0).problems.size() == 2);
  CHECK(device.ports[0].problems[1].find("not a number") != std::string::npos);
  const auto counts = count_ports(FileTree(tree.root()));
  REQUIRE(counts.size() == 1);
  CHECK_FALSE(counts[0].sent);
  CHECK(counts[0].problem.find("port_xmit_data") != std::string::npos);
}

TEST_CASE("Data counters are taken by the driver, with their unit and width") {
  RdmaDevice device;
  RdmaPort port;
  device.driver = "mlx5_core";
  port.counters = {{"port_xmit_data", 1}, {"port_rcv_data", 2}};
  CHECK(data_counters(device, port)->unit == CounterUnit::words);
  device.driver = "rdma_rxe";
  CHECK(data_counters(device, port)->unit == CounterUnit::words);
  port.counters.clear();
  CHECK_FALSE(data_counters(device, port));
  port.hw_counters = {{"sent_pkts", 1}, {"rcvd_pkts", 2}};
  CHECK(data_counters(device, port)->unit == CounterUnit::packets);
  device.driver = "irdma";
  port.hw_counters = {{"ip4OutOctets", 1}, {"ip4InOctets", 2}};
  CHECK(data_counters(device, port)->bits == 48);
  device.driver = "bnxt_en";
  port.hw_counters = {
      {"tx_bytes", 1}, {"rx_bytes", 2}, {"tx_roce_only_bytes", 3}, {"rx_roce_only_bytes", 4}};
  CHECK(data_counters(device, port)->sent == "hw_counters/tx_roce_only_bytes");
}

TEST_CASE("A counter that wraps grows by what it counted, in bytes") {
  CHECK(growth(10, 15, 64, 4) == 20U);
  CHECK(growth((1ULL << 48U) - 1, 4, 48, 1) == 5U);
  CHECK(growth(~0ULL, 0, 64, 4) == 4U);
  CHECK_FALSE(growth(std::nullopt, 4, 64, 1));
}

TEST_CASE("Error counters are picked by their names, data counters are none of them") {
  const Tree tree;
  add_mlx5(tree);
  const auto counts = count_ports(FileTree(tree.root()));
  REQUIRE(counts.size() == 1);
  CHECK(counts[0].port == "mlx5_0/1");
  CHECK(counts[0].sent == 1000U);
  CHECK(counts[0].factor == 4);
  CHECK(counts[0].errors ==
        std::map<std::string, std::uint64_t>{{"link_downed", 1}, {"out_of_sequence", 4}});
}

TEST_CASE("A port is found by its device, its port or its network device, or the error lists all") {
  const Tree tree;
  add_mlx5(tree);
  const FileTree root(tree.root());
  for (const char* name : {"mlx5_0", "mlx5_0:1", "mlx5_0/1", "ens1"}) {
    const auto found = find_rdma_port(root, name);
    REQUIRE(found);
    CHECK(found->device == "mlx5_0");
    CHECK(found->port == 1);
  }
  const auto none = find_rdma_port(root, "ens9");
  REQUIRE_FALSE(none);
  CHECK(none.error().message.find("only: mlx5_0") != std::string::npos);
  CHECK_FALSE(find_rdma_port(root, "mlx5_0:x"));
  CHECK(find_rdma_port(FileTree(tree.root() / "dev"), "ens1").error().message.find("has none") !=
        std::string::npos);
}

TEST_CASE("What a process may do with RDMA is read from its own files") {
  const Tree tree;
  tree.file("proc/self/limits",
            "Limit  Soft\nMax locked memory         65536      65536      bytes");
  tree.file("proc/self/status", "Name:\tx\nCapEff:\t0000000000004000");
  tree.file("proc/sys/kernel/osrelease", "6.1.0-56-amd64");
  tree.file("proc/driver/nvidia/version",
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64");
  tree.directory("sys/module/nvidia_peermem");
  tree.directory("sys/class/iommu/dmar0");
  tree.directory("dev/infiniband");
  const auto host = read_rdma_host(FileTree(tree.root()), Deadline::after(std::chrono::seconds(1)));
  CHECK(host.memlock == 65536U);
  CHECK(host.ipc_lock);
  CHECK(host.peer_memory == "nvidia_peermem");
  CHECK(host.dma_buf.find("export it") != std::string::npos);
  CHECK(host.iommu.find("on (dmar0)") == 0);
}
