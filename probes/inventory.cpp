#include "probes/inventory.hpp"

#include <algorithm>
#include <charconv>

#include "probes/drivers/host/cloud_place.hpp"
#include "probes/drivers/host/inside.hpp"
#include "probes/drivers/host/machine.hpp"
#include "probes/drivers/host/neighbours.hpp"
#include "probes/drivers/host/nics.hpp"
#include "probes/drivers/host/pci_names.hpp"
#include "probes/drivers/host/pod_devices.hpp"
#include "probes/drivers/host/sandboxes.hpp"
#include "probes/drivers/host/tree_machine.hpp"
#include "probes/drivers/verbs/rdma_facts.hpp"
#include "probes/gpu_facts.hpp"

namespace plumbline::probes {

namespace {

std::string option(const Request& request, const std::string& name) {
  const auto found = request.options.find(name);
  return found == request.options.end() ? std::string{} : found->second;
}

/// How long to listen for neighbours: "lldp_seconds", less than what is left of the deadline.
std::chrono::nanoseconds listening(const Request& request, Deadline deadline) {
  const std::string text = option(request, "lldp_seconds");
  double seconds = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (read.ec != std::errc() || !(seconds > 0)) return {};
  const auto most = std::max<std::chrono::nanoseconds>(deadline.left() - std::chrono::seconds(2),
                                                       std::chrono::nanoseconds(0));
  const auto wished = std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(std::min(seconds, 600.0)));
  return std::min(wished, most);
}

/// What the inventory says of a link must not rest on the moment: a flapping link is up.
ReadLinks settling(Deadline deadline) {
  return [deadline] {
    SystemClock clock;
    return settled_links([deadline] { return read_links(deadline); }, clock, deadline);
  };
}

/// A node without CPUs borrows those of its initiator in hwloc; the kernel's word counts.
void correct_cpus(const FileTree& root, const std::string& xml, std::vector<NumaNode>& nodes) {
  if (!xml.empty()) return;
  for (NumaNode& node : nodes) {
    const std::string path =
        "sys/devices/system/node/node" + std::to_string(node.index) + "/cpulist";
    if (const auto list = root.read(path)) node.cpus = parse_cpu_list(*list);
  }
}

void add_machine(const Request& request, const FileTree& root, Topology& topology) {
  const std::string xml = option(request, "hwloc_xml");
  if (root.root() != "/" && xml.empty()) {
    read_tree_machine(root, topology);
    add_link_state(root, topology.pci_devices);
    return;
  }
  const auto machine = Machine::open(xml, Depth::devices);
  if (!machine) {
    topology.problems.push_back("machine: " + machine.error().message);
    return;
  }
  topology.cpu_model = machine->cpu_model();
  topology.numa_nodes = machine->numa_nodes();
  correct_cpus(root, xml, topology.numa_nodes);
  topology.pci_devices = machine->pci_devices();
  add_link_state(root, topology.pci_devices);
}

std::string known_text(const FileTree& root, const std::string& path,
                       std::vector<std::string>& problems) {
  auto text = root.read(path);
  if (text) return *text;
  problems.push_back("/" + path + ": " + text.error().message);
  return {};
}

class InventoryProbe final : public Probe {
 public:
  std::string name() const override { return "inventory"; }
  std::vector<Outcome> planned(const Request& /*request*/) const override { return {}; }
  std::optional<std::string> inapplicable(const Task& /*task*/) const override {
    return std::nullopt;
  }

  Status run(const Task& task) override {
    task.sink.step("inventory", 0);
    return task.sink.topology(take_inventory(task.request, task.deadline));
  }
};

}  // namespace

Topology take_inventory(const Request& request, Deadline deadline) {
  const std::string other_root = option(request, "sysfs_root");
  const FileTree root(other_root.empty() ? "/" : other_root);
  Topology topology;
  if (!request.ends.empty()) topology.node = request.ends[0].node;
  topology.read_at = SystemClock().wall_time();
  topology.boot_id = known_text(root, "proc/sys/kernel/random/boot_id", topology.problems);
  topology.kernel = known_text(root, "proc/sys/kernel/osrelease", topology.problems);
  add_machine(request, root, topology);
  add_pci_names(root, topology.pci_devices);
  // Another machine's tree, or a recorded machine, has no driver here that could be asked.
  const bool here = is_this_machine(root) && option(request, "hwloc_xml").empty();
  if (here) add_gpus(request, topology);
  topology.network_devices = read_nics(root, settling(deadline), topology.problems);
  add_rdma(root, topology, deadline);
  add_neighbours(root, listening(request, deadline), topology.network_devices);
  topology.cloud = read_cloud_place(root, topology.problems);
  const std::string results = option(request, "cni_results");
  if (!results.empty()) topology.sandboxes = read_sandboxes(results, deadline, topology.problems);
  add_pod_rdma(root, topology.sandboxes);
  if (option(request, "inside") == "yes") topology.inside = look_inside(root);
  return topology;
}

std::unique_ptr<Probe> inventory_probe() { return std::make_unique<InventoryProbe>(); }

}  // namespace plumbline::probes
