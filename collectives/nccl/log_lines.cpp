#include "collectives/nccl/log_lines.hpp"

#include <algorithm>
#include <sstream>

namespace plumbline::collectives {
namespace {

constexpr std::size_t kMostKinds = 32;
constexpr std::size_t kMostChoices = 256;
constexpr std::size_t kMostWarnings = 4;
constexpr std::size_t kMostText = 200;

/// What stands behind `mark`, to the end; empty where it does not stand.
std::string_view behind(std::string_view line, std::string_view mark) {
  const std::size_t at = line.find(mark);
  return at == std::string_view::npos ? std::string_view() : line.substr(at + mark.size());
}

std::string first_word(std::string_view text) {
  return std::string(text.substr(0, text.find_first_of(" \t\r,")));
}

/// "Channel 00/0 : 0[0] -> 1[1] via P2P/CUMEM/read", also "[send] via NET/Socket/0".
void hear_channel(NcclLog& log, std::string_view line) {
  if (line.find("Channel ") == std::string_view::npos) return;
  const std::string way = first_word(behind(line, " via "));
  if (!way.empty() && log.transports.size() < kMostKinds)
    log.transports.insert(way.substr(0, kMostText));
}

/// "AllReduce: 1048576 Bytes -> Algo 1 proto 2 time 74.2" or "-> Algo RING proto SIMPLE
/// channel{..}".
void hear_choice(NcclLog& log, std::string_view line) {
  const std::string_view info = behind(line, "NCCL INFO ");
  const std::size_t colon = info.find(": ");
  const std::size_t arrow = info.find(" Bytes -> ");
  if (colon == std::string_view::npos || arrow == std::string_view::npos || arrow < colon) return;
  const std::string key = std::string(info.substr(0, colon)) + " " +
                          std::string(info.substr(colon + 2, arrow - colon - 2));
  if (key.size() > kMostText || log.choices.size() >= kMostChoices) return;
  log.choices[key] = std::string(info.substr(arrow + 10, kMostText));
}

}  // namespace

NcclLog read_nccl_log(std::string_view text) {
  NcclLog log;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    hear_channel(log, line);
    hear_choice(log, line);
    if (const auto network = behind(line, "Using network "); !network.empty())
      log.network = first_word(network).substr(0, kMostText);
    if (line.find(" coll channels") != std::string::npos)
      log.channels = std::string(behind(line, "NCCL INFO ")).substr(0, kMostText);
    if (line.find("NCCL WARN ") != std::string::npos && log.warnings.size() < kMostWarnings)
      log.warnings.emplace_back(behind(line, "NCCL WARN ").substr(0, kMostText));
  }
  return log;
}

std::string sentence(const NcclLog& log, const std::string& operation) {
  std::string text = "transport ";
  for (const std::string& way : log.transports)
    text += (way == *log.transports.begin() ? "" : " and ") + way;
  if (log.transports.empty()) text += "not told";
  if (!log.network.empty()) text += ", network " + log.network;
  if (!log.channels.empty()) text += ", " + log.channels;
  for (const auto& [key, choice] : log.choices)
    if (key.starts_with(operation + " ")) text += ", " + key + " B: " + choice;
  for (const std::string& warning : log.warnings)
    text += ", warning: " + warning;
  return text;
}

const std::vector<const char*>& recorded_settings() {
  static const std::vector<const char*> names{"NCCL_ALGO",
                                              "NCCL_BUFFSIZE",
                                              "NCCL_COLLNET_ENABLE",
                                              "NCCL_CROSS_NIC",
                                              "NCCL_CTA_POLICY",
                                              "NCCL_CUMEM_ENABLE",
                                              "NCCL_DMABUF_ENABLE",
                                              "NCCL_GRAPH_FILE",
                                              "NCCL_HOSTID",
                                              "NCCL_IB_DISABLE",
                                              "NCCL_IB_GID_INDEX",
                                              "NCCL_IB_HCA",
                                              "NCCL_IB_QPS_PER_CONNECTION",
                                              "NCCL_IB_SPLIT_DATA_ON_QPS",
                                              "NCCL_IB_TC",
                                              "NCCL_MAX_NCHANNELS",
                                              "NCCL_MIN_NCHANNELS",
                                              "NCCL_MNNVL_ENABLE",
                                              "NCCL_NET",
                                              "NCCL_NET_GDR_LEVEL",
                                              "NCCL_NET_PLUGIN",
                                              "NCCL_NTHREADS",
                                              "NCCL_NVLS_ENABLE",
                                              "NCCL_P2P_DISABLE",
                                              "NCCL_P2P_LEVEL",
                                              "NCCL_PROTO",
                                              "NCCL_SHM_DISABLE",
                                              "NCCL_SOCKET_IFNAME",
                                              "NCCL_TOPO_FILE",
                                              "NCCL_TUNER_PLUGIN"};
  return names;
}

}  // namespace plumbline::collectives
