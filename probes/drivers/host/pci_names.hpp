#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/files.hpp"
#include "core/model/topology.hpp"

namespace plumbline::probes {

/// Vendor and device id, "0x15b3" and "0x1021", as sysfs writes them.
using PciId = std::pair<std::string, std::string>;

/// The names of `wanted` in a text of the PCI ID repository's form (pci.ids): "Mellanox
/// Technologies MT2910 Family [ConnectX-7]"; the vendor's alone where the device is not in it.
/// Lines that are not of that form are passed over.
std::map<PciId, std::string> pci_names(std::string_view text, const std::vector<PciId>& wanted);

/// Names the devices that have none, by the list of this system (/usr/share/hwdata/pci.ids, else
/// /usr/share/misc/pci.ids below `root`). Without a list they stay without a name.
void add_pci_names(const FileTree& root, std::vector<PciDevice>& devices);

}  // namespace plumbline::probes
