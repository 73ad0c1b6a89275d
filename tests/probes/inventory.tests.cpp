#include "probes/inventory.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "probes/drivers/host/machine.hpp"
#include "probes/drivers/host/tree_machine.hpp"
#include "probes/loopback_latency.hpp"
#include "probes/memory_copy.hpp"
#include "tests/probes/pair_support.hpp"
#include "tests/probes/tree.hpp"

using namespace plumbline;
using namespace plumbline::probes;

namespace {

/// Two packages with a NUMA node each; on the second an accelerator and a network device behind one
/// bridge. Made by hand in hwloc's XML form.
const char* const kMachine = R"(<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE topology SYSTEM "hwloc2.dtd">
<topology version="2.0">
<object type="Machine" os_index="0" cpuset="0x0000000f" complete_cpuset="0x0000000f"
   allowed_cpuset="0x0000000f"
 nodeset="0x00000003" complete_nodeset="0x00000003" allowed_nodeset="0x00000003" gp_index="1">
 <object type="Package" os_index="0" cpuset="0x00000003" complete_cpuset="0x00000003"
   nodeset="0x00000001"
  complete_nodeset="0x00000001" gp_index="2"><info name="CPUModel" value="Hand-made CPU"/>
  <object type="NUMANode" os_index="0" cpuset="0x00000003" complete_cpuset="0x00000003"
   nodeset="0x00000001"
   complete_nodeset="0x00000001" gp_index="3" local_memory="1000"/>
  <object type="PU" os_index="0" cpuset="0x00000001" complete_cpuset="0x00000001"
   nodeset="0x00000001"
   complete_nodeset="0x00000001" gp_index="4"/>
  <object type="PU" os_index="1" cpuset="0x00000002" complete_cpuset="0x00000002"
   nodeset="0x00000001"
   complete_nodeset="0x00000001" gp_index="5"/>
 </object>
 <object type="Package" os_index="1" cpuset="0x0000000c" complete_cpuset="0x0000000c"
   nodeset="0x00000002"
  complete_nodeset="0x00000002" gp_index="6">
  <object type="NUMANode" os_index="1" cpuset="0x0000000c" complete_cpuset="0x0000000c"
   nodeset="0x00000002"
   complete_nodeset="0x00000002" gp_index="7" local_memory="2000"/>
  <object type="PU" os_index="2" cpuset="0x00000004" complete_cpuset="0x00000004"
   nodeset="0x00000002"
   complete_nodeset="0x00000002" gp_index="8"/>
  <object type="PU" os_index="3" cpuset="0x00000008" complete_cpuset="0x00000008"
   nodeset="0x00000002"
   complete_nodeset="0x00000002" gp_index="9"/>
  <object type="Bridge" gp_index="10" bridge_type="0-1" depth="0" bridge_pci="0000:[80-8f]">
   <object type="Bridge" gp_index="11" bridge_type="1-1" depth="1" bridge_pci="0000:[81-82]"
    pci_busid="0000:80:01.0" pci_type="0604 [8086:2030] [0000:0000] 00"
   pci_link_speed="0.000000">
    <object type="PCIDev" gp_index="12" pci_busid="0000:81:00.0" pci_type="0302 [10de:2330]
   [0000:0000] a1"
     pci_link_speed="0.000000"/>
    <object type="PCIDev" gp_index="13" pci_busid="0000:82:00.0" pci_type="0207 [15b3:1021]
   [0000:0000] 00"
     pci_link_speed="0.000000"><info name="PCIVendor" value="Mellanox"/></object>
   </object>
  </object>
 </object>
</object>
</topology>)";

Result<Machine> hand_made(const Tree& tree, const std::string& text) {
  tree.file("machine.xml", text);
  return Machine::open(tree.root() / "machine.xml", Depth::devices);
}

Request node_request(const std::string& probe) {
  Request request;
  request.probe = probe;
  request.ends = {{"node-1", "", ""}};
  request.seed = 5;
  request.budget.width = 0.5;
  request.budget.time = Seconds{1.5};
  request.budget.batch = Seconds{0.05};
  request.limit = Seconds{20};
  return request;
}

CollectingSink run(Probe& probe, const Request& request) {
  CollectingSink sink;
  SystemClock clock;
  const Topology topology;
  const auto status = probe.run(
      {topology, request, nullptr, Deadline::after(std::chrono::seconds(20)), clock, sink});
  CHECK(status);
  return sink;
}

}  // namespace

TEST_CASE("A recorded machine gives its NUMA nodes, CPUs and PCI tree") {
  const Tree tree;
  const auto machine = hand_made(tree, kMachine);
  REQUIRE(machine);
  CHECK(machine->cpu_model() == "Hand-made CPU");
  const auto nodes = machine->numa_nodes();
  REQUIRE(nodes.size() == 2);
  CHECK(nodes[1].index == 1);
  CHECK(nodes[1].cpus == std::vector<int>{2, 3});
  CHECK(nodes[1].memory.count == 2000);
  const auto devices = machine->pci_devices();
  REQUIRE(devices.size() == 3);
  CHECK(devices[0].kind == "bridge");
  CHECK(devices[0].address == "0000:80:01.0");
  CHECK(devices[0].parent.empty());
  CHECK(devices[1].kind == "accelerator");
  CHECK(devices[1].vendor == "0x10de");
  CHECK(devices[1].parent == "0000:80:01.0");
  CHECK(devices[2].kind == "network");
  CHECK(devices[2].device == "0x1021");
  CHECK(devices[2].root == "pci0000:80");
  CHECK(devices[2].name == "Mellanox");
  CHECK_FALSE(devices[2].numa);
}

TEST_CASE("A machine file that is no hwloc XML is an error, not an empty machine") {
  const Tree tree;
  CHECK_FALSE(hand_made(tree, "<topology"));
  CHECK_FALSE(hand_made(tree, "nothing of the kind"));
  CHECK_FALSE(Machine::open(tree.root() / "absent.xml", Depth::nodes));
}

TEST_CASE("The inventory of this machine knows its kernel, CPUs and memory") {
  const auto probe = inventory_probe();
  const auto sink = run(*probe, node_request("inventory"));
  REQUIRE(sink.topologies.size() == 1);
  const Topology& topology = sink.topologies[0];
  CHECK(topology.node == "node-1");
  CHECK(topology.boot_id.size() == 36);
  CHECK_FALSE(topology.kernel.empty());
  REQUIRE_FALSE(topology.numa_nodes.empty());
  CHECK_FALSE(topology.numa_nodes[0].cpus.empty());
  CHECK(topology.numa_nodes[0].memory.count > 0);
  for (const auto& device : topology.network_devices)
    CHECK(device.name != "lo");
}

TEST_CASE("A tree of a machine's files gives its NUMA nodes and PCI tree") {
  const Tree tree;
  tree.file("proc/cpuinfo", "processor : 0\nmodel name\t: Tree CPU\n");
  tree.file("sys/devices/system/node/node0/cpulist", "0-1,4");
  tree.file("sys/devices/system/node/node0/meminfo", "Node 0 MemTotal:  1000 kB");
  tree.file("sys/devices/system/node/node1/cpulist", "");
  tree.file("sys/devices/system/node/node1/meminfo", "Node 1 MemTotal:  500 kB");
  const std::string bridge = "sys/devices/pci0000:80/0000:80:01.0";
  tree.file(bridge + "/class", "0x060400");
  tree.file(bridge + "/0000:81:00.0/class", "0x020700");
  tree.file(bridge + "/0000:81:00.0/vendor", "0x15b3");
  tree.file(bridge + "/0000:81:00.0/device", "0x1021");
  tree.file("sys/devices/pci0000:00/0000:00:1f.0/class", "0x060100");
  const std::string list = "sys/bus/pci/devices/";
  tree.link(list + "0000:80:01.0", "../../../devices/pci0000:80/0000:80:01.0");
  tree.link(list + "0000:81:00.0", "../../../devices/pci0000:80/0000:80:01.0/0000:81:00.0");
  tree.link(list + "0000:00:1f.0", "../../../devices/pci0000:00/0000:00:1f.0");
  Topology topology;
  read_tree_machine(FileTree(tree.root()), topology);
  CHECK(topology.problems.empty());
  CHECK(topology.cpu_model == "Tree CPU");
  REQUIRE(topology.numa_nodes.size() == 2);
  CHECK(topology.numa_nodes[0].cpus == std::vector<int>{0, 1, 4});
  CHECK(topology.numa_nodes[0].memory.count == 1'024'000);
  CHECK(topology.numa_nodes[1].cpus.empty());
  REQUIRE(topology.pci_devices.size() == 2);
  CHECK(topology.pci_devices[0].kind == "bridge");
  CHECK(topology.pci_devices[0].parent.empty());
  CHECK(topology.pci_devices[1].kind == "network");
  CHECK(topology.pci_devices[1].parent == "0000:80:01.0");
  CHECK(topology.pci_devices[1].root == "pci0000:80");
  CHECK(topology.pci_devices[1].vendor == "0x15b3");
}

TEST_CASE("CPU lists are read as the kernel writes them, and bounded") {
  CHECK(parse_cpu_list("0-3,8,10-11") == std::vector<int>{0, 1, 2, 3, 8, 10, 11});
  CHECK(parse_cpu_list("").empty());
  CHECK(parse_cpu_list("0-99999999999").empty());
  CHECK(parse_cpu_list("3-1").empty());
  CHECK(parse_cpu_list("x").empty());
}

TEST_CASE("An inventory of a tree without files says what it does not know") {
  const Tree tree;
  tree.file("machine.xml", kMachine);
  auto request = node_request("inventory");
  request.options = {{"sysfs_root", tree.root().string()},
                     {"hwloc_xml", (tree.root() / "machine.xml").string()},
                     {"cni_results", (tree.root() / "absent").string()}};
  const Topology topology = take_inventory(request, Deadline::after(std::chrono::seconds(5)));
  CHECK(topology.numa_nodes.size() == 2);
  CHECK(topology.problems.size() == 4);
}

TEST_CASE("A memory copy is measured for each pair of NUMA nodes, verified") {
  const auto probe = memory_copy_probe();
  const auto request = node_request("memory_copy");
  const auto sink = run(*probe, request);
  CHECK(sink.outcomes.size() == probe->planned(request).size());
  REQUIRE_FALSE(sink.outcomes.empty());
  const Outcome& first = sink.outcomes[0];
  CHECK(first.key() == "memory_copy|node-1/numa0|node-1/numa0|");
  if (first.skipped() != nullptr) return;  // too little memory here
  REQUIRE(first.measured() != nullptr);
  CHECK(first.measured()->value > 1e8);
  CHECK(first.measured()->counters.at("buffer_bytes") >=
        2 * first.measured()->counters.at("cache_bytes"));
}

TEST_CASE("The loopback's latency is measured over fresh connections") {
  const auto probe = loopback_latency_probe();
  const auto sink = run(*probe, node_request("loopback_latency"));
  REQUIRE(sink.outcomes.size() == 1);
  CHECK(sink.outcomes[0].key() == "loopback_latency|node-1/lo|node-1/lo|");
  REQUIRE(sink.outcomes[0].measured() != nullptr);
  CHECK(sink.outcomes[0].measured()->value > 0);
  CHECK(sink.outcomes[0].measured()->unit == Unit::seconds);
}

TEST_CASE("All probes have different names") {
  std::vector<std::string> names;
  for (const auto& probe : all_probes())
    names.push_back(probe->name());
  CHECK(names == std::vector<std::string>{"inventory", "memory_copy", "loopback_latency", "pair",
                                          "rdma_loopback", "gpu_copy", "gpu_latency",
                                          "gpu_together", "gpu_pair"});
}
