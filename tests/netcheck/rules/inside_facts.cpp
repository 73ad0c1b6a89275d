#include "tests/netcheck/rules/inside_facts.hpp"

#include <catch2/catch_test_macros.hpp>

namespace plumbline::netcheck {
namespace {

Gpu gpu(int index) {
  Gpu gpu;
  gpu.uuid = "GPU-" + std::to_string(index);
  gpu.pci_address = "0000:0" + std::to_string(index) + ":00.0";
  gpu.minor = index;
  return gpu;
}

GpuNode gpus(const std::vector<int>& indexes) {
  GpuNode node{"NVML 12.550", "550.54.15", "12.4", false, {}, {}, {}};
  for (const int index : indexes)
    node.gpus.push_back(gpu(index));
  return node;
}

NetworkDevice nic(const std::string& name, int number) {
  NetworkDevice device;
  device.name = name;
  device.mac = "02:00:00:00:00:0" + std::to_string(number);
  device.state = "up";
  device.mtu = 9000;
  device.numa = number;
  device.pci_address = "0000:0" + std::to_string(number) + ":00.0";
  device.rdma_device = "mlx5_" + std::to_string(number - 1);
  return device;
}

/// The pod's first interface, of its own.
NetworkDevice eth0() {
  NetworkDevice device;
  device.name = "eth0";
  device.mac = "02:00:00:00:99:01";
  device.is_virtual = true;
  return device;
}

PlacedPod pod(const std::string& workload, std::int64_t rank) {
  PlacedPod pod;
  pod.workload = workload;
  pod.rank = rank;
  pod.phase = "Running";
  pod.scheduler = "default-scheduler";
  pod.binding = {"Pod",
                 "plumbline/" + workload + "-" + std::to_string(rank),
                 "u-" + workload + std::to_string(rank),
                 "7",
                 "spec.nodeName",
                 "n1"};
  return pod;
}

NodeFacts nothing_in(const std::string& pod) {
  NodeFacts told;
  told.node = pod;
  told.topology = Topology{};
  told.topology->node = pod;
  told.topology->network_devices = {eth0()};
  told.topology->inside = InsideView{{}, {}, {0, 1}, {0}, {}};
  NodeHoldings none;
  none.node = "n1";
  none.source = "kubelet.sock";
  told.holdings = none;
  return told;
}

void add_single(Facts& facts, int index) {
  const std::string name = "plumbline/single-" + std::to_string(index);
  facts.workloads->pods.push_back(pod("single", index));
  NodeFacts one = nothing_in(name);
  const std::string minor = std::to_string(index);
  one.topology->gpus = gpus({index});
  one.topology->inside->nodes = {device_node("gpu", "/dev/nvidia" + minor, minor)};
  one.topology->inside->environment["NVIDIA_VISIBLE_DEVICES"] = "GPU-" + minor;
  one.holdings->holdings = {plugin_device(name, "nvidia.com/gpu", "GPU-" + minor)};
  facts.placed.push_back(one);
}

void add_nics(Facts& facts) {
  const std::string name = "plumbline/gang-0";
  facts.workloads->pods.push_back(pod("gang", 0));
  NodeFacts one = nothing_in(name);
  for (int number = 1; number <= 2; ++number) {
    const std::string pci = "0000:0" + std::to_string(number) + ":00.0";
    one.holdings->holdings.push_back(plugin_device(name, "example.com/nic", pci));
    one.topology->network_devices.push_back(nic("ens" + std::to_string(number), number));
  }
  one.topology->inside->environment["PCIDEVICE_EXAMPLE_COM_NIC"] = "0000:01:00.0,0000:02:00.0";
  one.topology->inside->nodes = {
      device_node("rdma", "/dev/infiniband/uverbs0", "mlx5_0")};  // a plugin may give them
  facts.placed.push_back(one);
}

}  // namespace

DeviceNode device_node(const std::string& kind, const std::string& path,
                       const std::string& device) {
  return {path, kind, device, "195:0", true, "", false};
}

Holding plugin_device(const std::string& pod, const std::string& resource,
                      const std::string& device) {
  const auto slash = pod.find('/');
  return {pod.substr(0, slash), pod.substr(slash + 1), "rank", resource, device, "", "", "", {}};
}

Facts inside_facts() {
  Facts facts;
  facts.own_namespace = "plumbline";
  Topology there;
  there.node = "n1";
  there.gpus = gpus({0, 1, 2, 3});
  there.network_devices = {nic("ens1", 1), nic("ens2", 2)};
  NodeHoldings holdings;
  holdings.node = "n1";
  holdings.source = "kubelet.sock";
  facts.nodes = {{"n1", there, "", holdings, ""}};
  facts.workloads = Workloads{};
  facts.workloads->name_space = "plumbline";
  facts.workloads->controls = {{"positive", ControlState::behaved, "", "1 of 1 run.", {}}};
  add_single(facts, 0);
  add_single(facts, 1);
  add_nics(facts);
  facts.workloads->pods.push_back(pod("bare", 0));
  facts.placed.push_back(nothing_in("plumbline/bare-0"));
  return facts;
}

NodeFacts& told(Facts& facts, const std::string& pod) {
  for (NodeFacts& one : facts.placed) {
    if (one.node == "plumbline/" + pod) return one;
  }
  FAIL("no pod " << pod);
  return facts.placed.front();
}

InsideView& inside(Facts& facts, const std::string& pod) {
  return *told(facts, pod).topology->inside;
}

}  // namespace plumbline::netcheck
