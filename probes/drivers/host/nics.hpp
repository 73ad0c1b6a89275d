#pragma once

#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/files.hpp"
#include "core/model/topology.hpp"
#include "probes/drivers/host/links.hpp"

namespace plumbline::probes {

/// A NetworkDevice of what rtnetlink says alone: nothing of sysfs, for namespaces whose /sys is not
/// mounted. Driver is the link's kind; a kind makes it virtual.
NetworkDevice device_of(const Link& link);

/// True for "/", and for a tree whose /proc is of the kernel that runs here (the same boot id): a
/// node's root, mounted in a container.
bool is_this_machine(const FileTree& root);

/// The network devices of this network namespace (rtnetlink) with what /sys/class/net adds; where
/// `root` is not "/", those of the tree's /sys/class/net. In a tree of this machine a device that
/// is also of this network namespace (the same name, index and MAC) has all that rtnetlink says;
/// others lack addresses. No loopback. What could not be read goes to `problems`.
std::vector<NetworkDevice> read_nics(const FileTree& root, Deadline deadline,
                                     std::vector<std::string>& problems);

/// The same with the links that `read` gives, which is asked once, or not at all for a tree of
/// another machine.
std::vector<NetworkDevice> read_nics(const FileTree& root, const ReadLinks& read,
                                     std::vector<std::string>& problems);

/// Adds link state, driver and NUMA node of /sys/bus/pci/devices/<address> to each device. Absent
/// fields stay absent: "Unknown", -1 and 0 lanes are absent.
void add_link_state(const FileTree& root, std::vector<PciDevice>& devices);

/// The PCI address in a sysfs path: its last component of that form; empty when there is none.
std::string pci_address_in(const std::string& path);

/// The root complex in a sysfs path ("pci0000:80"); empty when there is none.
std::string pcie_root_in(const std::string& path);

}  // namespace plumbline::probes
