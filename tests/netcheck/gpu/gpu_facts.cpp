#include "tests/netcheck/gpu/gpu_facts.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

namespace plumbline::netcheck {
namespace {

std::string address(int index) { return "0000:" + std::to_string(10 + index) + ":00.0"; }

Gpu healthy(int index) {
  Gpu gpu;
  gpu.uuid = uuid(index);
  gpu.pci_address = address(index);
  gpu.product = "NVIDIA H100 80GB HBM3";
  gpu.numa = index / 4;
  gpu.compute_capability = "9.0";
  gpu.mig = false;
  gpu.pcie = {32.0, 16, 32.0, 16};
  gpu.slot_gigatransfers = 32.0;
  for (int link = 0; link < 18; ++link) {
    NvLink one;
    one.index = link;
    one.active = true;
    one.generation = 4.0;
    one.remote_kind = "switch";
    gpu.links.push_back(one);
  }
  gpu.fabric = GpuFabric{"completed", "", "", 0, {}, 0};
  gpu.processes = std::vector<GpuProcess>{};
  return gpu;
}

PciDevice function(int index) {
  PciDevice device;
  device.address = address(index);
  device.kind = "accelerator";
  device.vendor = "0x10de";
  device.root = "pci0000:" + std::to_string(10 + index);
  device.numa = index / 4;
  return device;
}

}  // namespace

std::string uuid(int index) { return "GPU-" + std::to_string(index); }

Facts gpu_facts(int count) {
  Topology there;
  there.node = "node-1";
  there.gpus = GpuNode{"NVML 12.550", "550.54.15", "12.4", false, {}, {}, {}};
  for (int index = 0; index < count; ++index) {
    there.gpus->gpus.push_back(healthy(index));
    there.pci_devices.push_back(function(index));
    for (int other = 0; other < count; ++other) {
      if (other == index) continue;
      there.gpus->peers.push_back({uuid(index), uuid(other), "ok", "ok", "ok", "ok"});
    }
  }
  Facts facts;
  facts.own_namespace = "plumbline";
  NodeHoldings holdings;
  holdings.node = "node-1";
  holdings.source = "kubelet.sock";
  facts.nodes = {{"node-1", there, "", holdings, ""}};
  return facts;
}

Topology& topology(Facts& facts) { return *facts.nodes.at(0).topology; }

Gpu& gpu(Facts& facts, int index) {
  return topology(facts).gpus->gpus.at(static_cast<std::size_t>(index));
}

void add_claims(Facts& facts) {
  AllocationView view;
  NodeClaim node;
  node.meta.name = "node-1";
  node.meta.uid = "node-uid";
  node.allocatable["nvidia.com/gpu"] = std::to_string(topology(facts).gpus->gpus.size());
  view.nodes = {node};
  SliceClaim slice;
  slice.meta.name = "node-1-gpu.nvidia.com";
  slice.driver = "gpu.nvidia.com";
  slice.pool = "node-1";
  slice.node = "node-1";
  for (const Gpu& one : topology(facts).gpus->gpus) {
    SliceDevice device;
    device.index = slice.devices.size();
    device.name = "gpu-" + std::to_string(device.index);
    device.attributes = {{"gpu.nvidia.com/type", std::string("gpu")},
                         {"gpu.nvidia.com/uuid", one.uuid},
                         {"gpu.nvidia.com/productName", one.product},
                         {"gpu.nvidia.com/driverVersion", std::string("550.54.15")},
                         {"gpu.nvidia.com/cudaComputeCapability", std::string("9.0.0")},
                         {"resource.kubernetes.io/pciBusID", one.pci_address}};
    slice.devices.push_back(device);
  }
  view.slices = {slice};
  facts.claims = view;
}

NodeClaim& node_claim(Facts& facts) { return facts.claims->nodes.at(0); }

SliceDevice& slice_device(Facts& facts, int index) {
  return facts.claims->slices.at(0).devices.at(static_cast<std::size_t>(index));
}

void hold(Facts& facts, const std::string& name_space, const std::string& pod,
          const std::vector<std::string>& devices) {
  for (const std::string& device : devices) {
    Holding holding;
    holding.pod_namespace = name_space;
    holding.pod_name = pod;
    holding.resource = "nvidia.com/gpu";
    holding.device = device;
    facts.nodes.at(0).holdings->holdings.push_back(holding);
  }
}

Outcome copied(const std::string& from, const std::string& to, double rate,
               const std::string& traffic) {
  Outcome outcome;
  outcome.probe = "gpu_copy";
  outcome.from = {"node-1", from, ""};
  outcome.to = {"node-1", to, ""};
  outcome.parameters = {{"size", "536870912"}, {"engine", "dma"}, {"traffic", traffic}};
  const bool pair = from.starts_with("GPU") && to.starts_with("GPU") && from != to;
  if (pair && traffic == "one_way") outcome.parameters["direction"] = "write";
  Measured measured;
  measured.value = rate;
  measured.interval = {rate * 0.995, rate * 1.005};
  measured.conclusive = true;
  outcome.result = measured;
  return outcome;
}

Outcome broken(const std::string& from, const std::string& to, ErrorCode code) {
  Outcome outcome = copied(from, to, 1);
  outcome.result = Failed{{code, "byte 7 differs"}, ""};
  return outcome;
}

void copy_all(Facts& facts, double rate) {
  const int count = static_cast<int>(topology(facts).gpus->gpus.size());
  for (int from = 0; from < count; ++from) {
    for (int to = 0; to < count; ++to) {
      if (from != to) facts.outcomes.push_back(copied(uuid(from), uuid(to), rate));
    }
  }
}

Outcome& copy_of(Facts& facts, const std::string& from, const std::string& to) {
  const auto found = std::find_if(facts.outcomes.begin(), facts.outcomes.end(), [&](auto& one) {
    return one.from.device == from && one.to.device == to;
  });
  REQUIRE(found != facts.outcomes.end());
  return *found;
}

Finding only(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings)
    UNSCOPED_INFO(finding.rule << " " << to_string(finding.verdict) << ": " << finding.message);
  REQUIRE(findings.size() == 1);
  return findings.front();
}

}  // namespace plumbline::netcheck
