#include "probes/drivers/host/machine.hpp"

#include <hwloc.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "probes/drivers/host/pci_class.hpp"

namespace plumbline::probes {

/// hwloc's own handle.
struct Machine::State {
  hwloc_topology_t topology = nullptr;
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (topology != nullptr) hwloc_topology_destroy(topology);
  }
};

namespace {

using PciAttributes = hwloc_obj_attr_u::hwloc_pcidev_attr_s;

hwloc_obj_t numa_object(hwloc_topology_t topology, int numa) {
  return hwloc_get_numanode_obj_by_os_index(topology, static_cast<unsigned>(numa));
}

std::string hexadecimal(const char* format, unsigned value) {
  std::array<char, 32> text{};
  static_cast<void>(std::snprintf(text.data(), text.size(), format, value));
  return text.data();
}

std::string address_of(const PciAttributes& device) {
  std::array<char, 32> text{};
  static_cast<void>(std::snprintf(text.data(), text.size(), "%04x:%02x:%02x.%x",
                                  static_cast<unsigned>(device.domain), device.bus, device.dev,
                                  device.func));
  return text.data();
}

bool is_pci_bridge(hwloc_obj_t object) {
  return object->type == HWLOC_OBJ_BRIDGE &&
         object->attr->bridge.upstream_type == HWLOC_OBJ_BRIDGE_PCI;
}

bool is_host_bridge(hwloc_obj_t object) {
  return object->type == HWLOC_OBJ_BRIDGE &&
         object->attr->bridge.upstream_type == HWLOC_OBJ_BRIDGE_HOST;
}

/// "pci0000:00", the name of the root under /sys/devices.
std::string root_of(hwloc_obj_t object) {
  while (object != nullptr && !is_host_bridge(object))
    object = object->parent;
  if (object == nullptr) return {};
  const auto& below = object->attr->bridge.downstream.pci;
  return "pci" + hexadecimal("%04x:", static_cast<unsigned>(below.domain)) +
         hexadecimal("%02x", below.secondary_bus);
}

std::string name_of(hwloc_obj_t object) {
  const char* vendor = hwloc_obj_get_info_by_name(object, "PCIVendor");
  const char* device = hwloc_obj_get_info_by_name(object, "PCIDevice");
  std::string name = vendor != nullptr ? vendor : "";
  if (device != nullptr) name += (name.empty() ? "" : " ") + std::string(device);
  return name;
}

PciDevice pci_device(hwloc_obj_t object) {
  const auto& attributes =
      object->type == HWLOC_OBJ_BRIDGE ? object->attr->bridge.upstream.pci : object->attr->pcidev;
  PciDevice device;
  device.address = address_of(attributes);
  device.kind = object->type == HWLOC_OBJ_BRIDGE ? "bridge" : pci_kind(attributes.class_id >> 8U);
  device.vendor = hexadecimal("0x%04x", attributes.vendor_id);
  device.device = hexadecimal("0x%04x", attributes.device_id);
  device.name = name_of(object);
  device.root = root_of(object);
  if (object->parent != nullptr && is_pci_bridge(object->parent)) {
    device.parent = address_of(object->parent->attr->bridge.upstream.pci);
  }
  return device;
}

/// Components that open GPU libraries have nothing to do here: those can hang. libpciaccess only
/// adds names to what sysfs tells, and never gives its tables back.
void leave_out_plugins(hwloc_topology_t topology) {
  for (const char* name : {"pci", "cuda", "nvml", "opencl", "gl", "rsmi", "levelzero"}) {
    static_cast<void>(
        hwloc_topology_set_components(topology, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, name));
  }
}

}  // namespace

Result<Machine> Machine::open(const std::filesystem::path& xml, Depth depth) {
  auto state = std::make_shared<State>();
  if (hwloc_topology_init(&state->topology) != 0) return fail_errno(errno, "starting hwloc");
  leave_out_plugins(state->topology);
  const auto io =
      depth == Depth::devices ? HWLOC_TYPE_FILTER_KEEP_IMPORTANT : HWLOC_TYPE_FILTER_KEEP_NONE;
  if (hwloc_topology_set_io_types_filter(state->topology, io) != 0)
    return fail_errno(errno, "asking hwloc for devices");
  if (!xml.empty() && hwloc_topology_set_xml(state->topology, xml.c_str()) != 0) {
    return fail(ErrorCode::invalid_input, "hwloc does not read " + xml.string());
  }
  if (hwloc_topology_load(state->topology) != 0)
    return fail_errno(errno, "reading the machine by hwloc");
  return Machine(std::move(state));
}

std::string Machine::cpu_model() const {
  for (const auto type : {HWLOC_OBJ_PACKAGE, HWLOC_OBJ_MACHINE}) {
    const hwloc_obj_t object = hwloc_get_obj_by_type(state_->topology, type, 0);
    const char* model =
        object == nullptr ? nullptr : hwloc_obj_get_info_by_name(object, "CPUModel");
    if (model != nullptr) return model;
  }
  return {};
}

std::vector<NumaNode> Machine::numa_nodes() const {
  std::vector<NumaNode> nodes;
  hwloc_obj_t object = nullptr;
  while ((object = hwloc_get_next_obj_by_type(state_->topology, HWLOC_OBJ_NUMANODE, object)) !=
         nullptr) {
    NumaNode node;
    node.index = static_cast<int>(object->os_index);
    node.memory = Bytes{object->attr->numanode.local_memory};
    for (int cpu = hwloc_bitmap_first(object->cpuset); cpu >= 0;
         cpu = hwloc_bitmap_next(object->cpuset, cpu)) {
      node.cpus.push_back(cpu);
    }
    nodes.push_back(std::move(node));
  }
  return nodes;
}

std::vector<PciDevice> Machine::pci_devices() const {
  std::vector<PciDevice> devices;
  hwloc_obj_t object = nullptr;
  while ((object = hwloc_get_next_bridge(state_->topology, object)) != nullptr) {
    if (is_pci_bridge(object)) devices.push_back(pci_device(object));
  }
  while ((object = hwloc_get_next_pcidev(state_->topology, object)) != nullptr) {
    devices.push_back(pci_device(object));
  }
  return devices;
}

Bytes Machine::largest_cache(int numa) const {
  const hwloc_obj_t node = numa_object(state_->topology, numa);
  Bytes largest;
  for (const auto type : {HWLOC_OBJ_L2CACHE, HWLOC_OBJ_L3CACHE, HWLOC_OBJ_L4CACHE}) {
    hwloc_obj_t cache = nullptr;
    while ((cache = hwloc_get_next_obj_by_type(state_->topology, type, cache)) != nullptr) {
      const bool here =
          node == nullptr || hwloc_bitmap_intersects(cache->cpuset, node->cpuset) != 0;
      if (here) largest = std::max(largest, Bytes{cache->attr->cache.size});
    }
  }
  return largest;
}

Status Machine::bind_thread(int numa) const {
  const hwloc_obj_t node = numa_object(state_->topology, numa);
  if (node == nullptr) return fail(ErrorCode::not_found, "no NUMA node " + std::to_string(numa));
  if (hwloc_set_cpubind(state_->topology, node->cpuset, HWLOC_CPUBIND_THREAD) != 0) {
    return fail_errno(errno, "binding to the CPUs of numa" + std::to_string(numa));
  }
  return {};
}

Result<PlacedMemory> Machine::allocate(int numa, std::size_t size) const {
  const hwloc_obj_t node = numa_object(state_->topology, numa);
  if (node == nullptr) return fail(ErrorCode::not_found, "no NUMA node " + std::to_string(numa));
  const bool only = hwloc_get_nbobjs_by_type(state_->topology, HWLOC_OBJ_NUMANODE) == 1;
  void* memory =
      only ? hwloc_alloc(state_->topology, size)
           : hwloc_alloc_membind(state_->topology, size, node->nodeset, HWLOC_MEMBIND_BIND,
                                 HWLOC_MEMBIND_BYNODESET | HWLOC_MEMBIND_STRICT);
  if (memory == nullptr) return fail_errno(errno, "taking memory of numa" + std::to_string(numa));
  std::shared_ptr<void> owner(memory, [state = state_, size](void* given) {
    static_cast<void>(hwloc_free(state->topology, given, size));
  });
  return PlacedMemory(static_cast<std::byte*>(memory), size, std::move(owner));
}

}  // namespace plumbline::probes
