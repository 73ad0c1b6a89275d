#include <algorithm>
#include <array>
#include <cstdio>

#include "probes/drivers/nvml/nvml_gpus.hpp"
#include "probes/drivers/nvml/nvml_read.hpp"

namespace plumbline::probes::nvml {

namespace {

/// NVLink generations by NVML's number (nvmlNvlinkVersion_t).
std::optional<double> generation_of(unsigned version) {
  constexpr std::array<double, 9> generations{0, 1.0, 2.0, 2.2, 3.0, 3.1, 4.0, 5.0, 6.0};
  if (version == 0 || version >= generations.size()) return std::nullopt;
  return generations.at(version);
}

std::string kind_of(int kind) {
  if (kind == 0) return "gpu";
  if (kind == 2) return "switch";
  return kind == 1 ? "other" : "unknown";
}

std::optional<Bytes> kibibytes(std::optional<std::uint64_t> count) {
  if (!count) return std::nullopt;
  return Bytes{*count << 10U};
}

std::optional<Bytes> bytes(std::optional<std::uint64_t> count) {
  if (!count) return std::nullopt;
  return Bytes{*count};
}

void add_counters(const Reader& reader, unsigned index, NvLink& link) {
  const char* doing = "NVLink counters";
  link.sent = bytes(reader.field(kFieldNvlink5Sent, index, doing));
  if (!link.sent) link.sent = kibibytes(reader.field(kFieldNvlinkDataSent, index, doing));
  link.received = bytes(reader.field(kFieldNvlink5Received, index, doing));
  if (!link.received) {
    link.received = kibibytes(reader.field(kFieldNvlinkDataReceived, index, doing));
  }
  link.crc_errors = reader.field(kFieldNvlinkCrc, index, doing);
  if (!link.crc_errors) link.crc_errors = reader.field(kFieldLinkErrors5, index, doing);
  link.replays = reader.field(kFieldNvlinkReplays, index, doing);
  link.recoveries = reader.field(kFieldNvlinkRecoveries, index, doing);
  if (!link.recoveries) link.recoveries = reader.field(kFieldLinkRecoveries5, index, doing);
}

void add_remote(const Reader& reader, unsigned index, NvLink& link) {
  const Functions& calls = reader.calls();
  int kind = 0xff;
  if (calls.link_remote_kind != nullptr &&
      reader.good(calls.link_remote_kind(reader.gpu(), index, &kind), "NVLink's other end")) {
    link.remote_kind = kind_of(kind);
  }
  PciInfo remote{};
  if (calls.link_remote_pci != nullptr &&
      reader.good(calls.link_remote_pci(reader.gpu(), index, &remote), "NVLink's other end")) {
    link.remote_pci = pci_address(remote);
  }
}

NvLink read_link(const Reader& reader, unsigned index, bool active) {
  const Functions& calls = reader.calls();
  NvLink link;
  link.index = static_cast<int>(index);
  link.active = active;
  link.remote_kind = "unknown";
  unsigned version = 0;
  if (calls.link_version != nullptr &&
      reader.good(calls.link_version(reader.gpu(), index, &version), "NVLink version")) {
    link.generation = generation_of(version);
  }
  if (!active) return link;
  add_remote(reader, index, link);
  const auto speed = reader.field(kFieldNvlinkSpeed, index, "NVLink speed");
  if (speed && *speed > 0) link.speed = BytesPerSecond{static_cast<double>(*speed) * 1e6};
  add_counters(reader, index, link);
  return link;
}

std::string state_of(unsigned char state) {
  switch (state) {
    case 0:
      return "not_supported";
    case 1:
      return "not_started";
    case 2:
      return "in_progress";
    case 3:
      return "completed";
    default:
      return "unknown";
  }
}

/// "0a0b...": as nvidia.com/gpu.clique has it, with dashes; empty for all zero.
std::string uuid_of(const std::array<unsigned char, 16>& raw) {
  if (std::all_of(raw.begin(), raw.end(), [](unsigned char byte) { return byte == 0; })) return {};
  std::string text;
  for (std::size_t index = 0; index < raw.size(); ++index) {
    std::array<char, 4> digits{};
    static_cast<void>(std::snprintf(digits.data(), digits.size(), "%02x", raw.at(index)));
    if (index == 4 || index == 6 || index == 8 || index == 10) text += "-";
    text += digits.data();
  }
  return text;
}

std::string serial_of(const std::array<unsigned char, 16>& raw) {
  std::string text;
  for (const unsigned char letter : raw) {
    if (letter == 0) break;
    text += letter >= 0x20 && letter < 0x7f ? static_cast<char>(letter) : '?';
  }
  return text;
}

}  // namespace

std::string pci_address(const PciInfo& info) {
  std::array<char, 32> text{};
  static_cast<void>(std::snprintf(text.data(), text.size(), "%04x:%02x:%02x.0", info.domain,
                                  info.bus & 0xffU, info.device & 0x1fU));
  return text.data();
}

std::vector<NvLink> read_links(const Reader& reader) {
  const Functions& calls = reader.calls();
  std::vector<NvLink> links;
  if (calls.link_state == nullptr) return links;
  for (unsigned index = 0; index < kMostLinks; ++index) {
    int state = 0;
    // A chip has fewer links than NVML's most: the first number that it does not know ends them.
    if (calls.link_state(reader.gpu(), index, &state) != kSuccess) break;
    links.push_back(read_link(reader, index, state == 1));
  }
  return links;
}

std::optional<GpuFabric> read_fabric(const Reader& reader) {
  if (reader.calls().fabric_info == nullptr) return std::nullopt;
  FabricInfo3 info{};
  info.two.version = struct_version<FabricInfo3>(3);
  Return asked = reader.calls().fabric_info(reader.gpu(), &info);
  if (asked != kSuccess) {  // a library that knows only the second version
    info = {};
    info.two.version = struct_version<FabricInfo>(2);
    asked = reader.calls().fabric_info(reader.gpu(), &info.two);
  }
  if (!reader.good(asked, "fabric")) return std::nullopt;
  GpuFabric fabric;
  fabric.state = state_of(info.two.state);
  if (fabric.state == "completed" && info.two.status != kSuccess) {
    fabric.problem = reader.library().error(info.two.status, "joining the fabric").message;
  }
  fabric.cluster_uuid = uuid_of(info.two.cluster_uuid);
  fabric.clique = info.two.clique;
  fabric.health_mask = info.two.health_mask;
  if (fabric.state == "completed") fabric.unhealthy = unhealthy_words(info.two.health_mask);
  if (info.health_summary == 2) fabric.unhealthy.emplace_back("unhealthy");
  if (info.health_summary == 3) fabric.unhealthy.emplace_back("limited_capacity");
  return fabric;
}

std::optional<GpuPlatform> read_platform(const Reader& reader) {
  if (reader.calls().platform_info == nullptr) return std::nullopt;
  PlatformInfo info{};
  info.version = struct_version<PlatformInfo>(2);
  if (!reader.good(reader.calls().platform_info(reader.gpu(), &info), "platform")) {
    return std::nullopt;
  }
  return GpuPlatform{serial_of(info.chassis_serial), info.slot, info.tray, info.host, info.module};
}

}  // namespace plumbline::probes::nvml
