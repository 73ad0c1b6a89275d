#include "probes/drivers/host/pci_names.hpp"

#include <algorithm>

namespace plumbline::probes {

namespace {

constexpr std::size_t kListMost = 16U << 20U;
constexpr std::size_t kNameMost = 160;

bool is_id(std::string_view text) {
  return text.size() >= 4 && std::all_of(text.begin(), text.begin() + 4, [](char letter) {
           return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f');
         });
}

/// "1021" and the name behind it; an empty name when the line is none of that form.
std::pair<std::string, std::string> entry_of(std::string_view line) {
  if (!is_id(line) || line.size() < 7 || line.substr(4, 2) != "  ") return {};
  return {std::string(line.substr(0, 4)), std::string(line.substr(6, kNameMost))};
}

}  // namespace

std::map<PciId, std::string> pci_names(std::string_view text, const std::vector<PciId>& wanted) {
  std::map<PciId, std::string> names;
  std::string vendor;
  std::string vendor_name;
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    // Behind the vendors comes the list of classes, which has the same form under "C ".
    if (line.front() == 'C') break;
    const bool device = line.front() == '\t';
    if (device) line.remove_prefix(1);
    const auto [id, name] = entry_of(line);
    if (name.empty()) continue;  // a subsystem, or nothing of the form
    if (!device) {
      vendor = "0x" + id;
      vendor_name = name;
    }
    for (const PciId& one : wanted) {
      if (one.first != vendor) continue;
      if (!device) names.emplace(one, name);
      if (device && one.second == "0x" + id) names[one] = vendor_name + " " + name;
    }
  }
  return names;
}

void add_pci_names(const FileTree& root, std::vector<PciDevice>& devices) {
  std::vector<PciId> wanted;
  for (const PciDevice& device : devices) {
    if (device.name.empty()) wanted.emplace_back(device.vendor, device.device);
  }
  if (wanted.empty()) return;
  auto list = root.read("usr/share/hwdata/pci.ids", kListMost);
  if (!list) list = root.read("usr/share/misc/pci.ids", kListMost);
  if (!list) return;
  const auto names = pci_names(*list, wanted);
  for (PciDevice& device : devices) {
    const auto name = names.find({device.vendor, device.device});
    if (device.name.empty() && name != names.end()) device.name = name->second;
  }
}

}  // namespace plumbline::probes
