#include "probes/drivers/verbs/access_control.hpp"

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "probes/drivers/host/nics.hpp"

namespace plumbline::probes {

namespace {

constexpr unsigned kExtendedStart = 0x100;
constexpr unsigned kAcs = 0x000D;
constexpr unsigned kRedirects = 0x2C;  // request, completion redirect and egress control
constexpr int kMostCapabilities = 96;

unsigned byte_at(std::string_view bytes, unsigned at) {
  return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0U;
}

unsigned half_at(std::string_view bytes, unsigned at) {
  return byte_at(bytes, at) | (byte_at(bytes, at + 1) << 8U);
}

/// ACS's control register; nothing when the function has no such capability.
std::optional<unsigned> acs_control(std::string_view config) {
  unsigned at = kExtendedStart;
  for (int i = 0; i < kMostCapabilities && at >= kExtendedStart; ++i) {
    const unsigned id = half_at(config, at);
    if (id == 0 || id == 0xFFFF) return std::nullopt;
    if (id == kAcs) return half_at(config, at + 6);
    at = half_at(config, at + 2) >> 4U;
  }
  return std::nullopt;
}

/// The bridges' addresses, the root's first.
std::vector<std::string> bridges_above(const FileTree& root, const std::string& address) {
  std::vector<std::string> bridges;
  const auto path = root.resolve("sys/bus/pci/devices/" + address);
  if (!path) return bridges;
  for (const auto& part : *path) {
    const std::string word = part.string();
    if (pci_address_in(word) == word && word != address) bridges.push_back(word);
  }
  return bridges;
}

}  // namespace

std::string access_control_above(const FileTree& root, const std::string& address) {
  const auto bridges = bridges_above(root, address);
  if (bridges.empty()) return "no bridge above it";
  std::string redirecting;
  for (const auto& bridge : bridges) {
    const auto config = root.read("sys/bus/pci/devices/" + bridge + "/config", 8192);
    if (!config) return "unknown: " + config.error().message;
    if (config->size() <= kExtendedStart) {
      return "unknown: the configuration space of " + bridge +
             " ends at 256 bytes for this process (CAP_SYS_ADMIN reads all)";
    }
    const auto control = acs_control(*config);
    if (control && (*control & kRedirects) != 0) redirecting += " " + bridge;
  }
  return redirecting.empty() ? "off" : "redirects at" + redirecting;
}

std::string iommu_group_of(const FileTree& root, const std::string& address) {
  const std::string link = "sys/bus/pci/devices/" + address + "/iommu_group";
  if (!root.exists(link)) return {};
  const auto target = root.resolve(link);
  if (!target) return {};
  const std::string number = target->filename().string();
  const auto type = root.read("sys/kernel/iommu_groups/" + number + "/type");
  return number + (type ? " (" + *type + ")" : "");
}

}  // namespace plumbline::probes
