#include "probes/drivers/verbs/port_counters.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "probes/drivers/verbs/device_files.hpp"

namespace plumbline::probes {

namespace {

/// One row: the first whose driver (or "" for any) and files are there is used.
struct Row {
  const char* driver;
  const char* sent;
  const char* received;
  CounterUnit unit;
  unsigned bits;
  const char* source;
};

constexpr const char* kIbta = "IBTA Vol. 1 PortXmitData: octets divided by 4";
constexpr std::array<Row, 9> kRows{{
    {"rdma_rxe", "hw_counters/sent_pkts", "hw_counters/rcvd_pkts", CounterUnit::packets, 64,
     "drivers/infiniband/sw/rxe/rxe_hw_counters.c"},
    {"bnxt_en", "hw_counters/tx_roce_only_bytes", "hw_counters/rx_roce_only_bytes",
     CounterUnit::bytes, 64, "drivers/infiniband/hw/bnxt_re/hw_counters.c"},
    {"bnxt_en", "hw_counters/tx_bytes", "hw_counters/rx_bytes", CounterUnit::bytes, 64,
     "drivers/infiniband/hw/bnxt_re/hw_counters.c"},
    {"ice", "hw_counters/ip4OutOctets", "hw_counters/ip4InOctets", CounterUnit::bytes, 48,
     "drivers/infiniband/hw/irdma/verbs.c, 48 bits in hardware"},
    {"irdma", "hw_counters/ip4OutOctets", "hw_counters/ip4InOctets", CounterUnit::bytes, 48,
     "drivers/infiniband/hw/irdma/verbs.c, 48 bits in hardware"},
    {"efa", "hw_counters/tx_bytes", "hw_counters/rx_bytes", CounterUnit::bytes, 64,
     "drivers/infiniband/hw/efa/efa_verbs.c"},
    {"mana", "hw_counters/tx_bytes", "hw_counters/rx_bytes", CounterUnit::bytes, 64,
     "drivers/infiniband/hw/mana/counters.c"},
    {"", "counters/port_xmit_data", "counters/port_rcv_data", CounterUnit::words, 64, kIbta},
    {"", "hw_counters/tx_bytes", "hw_counters/rx_bytes", CounterUnit::bytes, 64, "by its name"},
}};

/// Words in the names of counters that stand for trouble.
constexpr std::array<std::string_view, 22> kTrouble{
    "error",      "err",           "discard",   "retrans",     "retry",   "timeout",
    "out_of_seq", "out_of_buffer", "rnr",       "downed",      "drop",    "ecn",
    "cnp",        "wait",          "duplicate", "nak",         "congest", "violation",
    "missing",    "impaired",      "corrupt",   "unresponsive"};

bool is_trouble(const std::string& name) {
  return std::any_of(kTrouble.begin(), kTrouble.end(),
                     [&](std::string_view word) { return name.find(word) != std::string::npos; });
}

std::optional<std::uint64_t> counter_of(const RdmaPort& port, const std::string& file) {
  const auto slash = file.find('/');
  const auto& counters = file.substr(0, slash) == "counters" ? port.counters : port.hw_counters;
  const auto found = counters.find(file.substr(slash + 1));
  return found == counters.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::uint64_t> whole_number(const std::string& text) {
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

PortCount count_of(const RdmaDevice& device, const RdmaPort& port) {
  PortCount count;
  count.port = device.name + "/" + std::to_string(port.number);
  count.state = port.state;
  count.netdevs = device.netdevs;
  count.through_kernel = device.driver == "rdma_rxe" || device.driver == "siw";
  for (const auto* counters : {&port.counters, &port.hw_counters}) {
    for (const auto& [name, value] : *counters) {
      if (is_trouble(name)) count.errors[name] = value;
    }
  }
  const auto chosen = data_counters(device, port);
  if (!chosen) {
    count.problem = port.problems.empty() ? "driver " + device.driver + " counts no data"
                                          : port.problems.front();
    return count;
  }
  const std::string base = port_directory(device.name, port.number);
  count.sent = counter_of(port, chosen->sent);
  count.received = counter_of(port, chosen->received);
  count.sent_source = "/" + base + "/" + chosen->sent;
  count.received_source = "/" + base + "/" + chosen->received;
  count.packets = chosen->unit == CounterUnit::packets;
  count.factor = chosen->unit == CounterUnit::words ? 4 : 1;
  count.bits = chosen->bits;
  return count;
}

}  // namespace

std::optional<DataCounters> data_counters(const RdmaDevice& device, const RdmaPort& port) {
  for (const Row& row : kRows) {
    const std::string_view driver(row.driver);
    if (!driver.empty() && driver != device.driver) continue;
    if (!counter_of(port, row.sent) || !counter_of(port, row.received)) continue;
    return DataCounters{row.sent, row.received, row.unit, row.bits, row.source};
  }
  return std::nullopt;
}

std::map<std::string, std::uint64_t> read_counters(const FileTree& root,
                                                   const std::string& directory,
                                                   std::vector<std::string>& problems) {
  std::map<std::string, std::uint64_t> counters;
  // A driver without counters has no such directory: that is no problem.
  for (const auto& name : root.list(directory).value_or(std::vector<std::string>{})) {
    if (name == "lifespan") continue;  // milliseconds of caching, not a count
    const auto text = root.read(directory + "/" + name, 256);
    const auto value = text ? whole_number(*text) : std::nullopt;
    if (value) {
      counters[name] = *value;
    } else {
      problems.push_back(text ? "/" + directory + "/" + name + " holds \"" + *text +
                                    "\", not a number"
                              : text.error().message);
    }
  }
  return counters;
}

std::vector<PortCount> count_ports(const FileTree& root) {
  std::vector<PortCount> counts;
  for (const auto& name : root.list(kRdmaClass).value_or(std::vector<std::string>{})) {
    const RdmaDevice device = read_rdma_frame(root, name);
    for (RdmaPort port : device.ports) {
      const std::string base = port_directory(name, port.number);
      port.counters = read_counters(root, base + "/counters", port.problems);
      port.hw_counters = read_counters(root, base + "/hw_counters", port.problems);
      counts.push_back(count_of(device, port));
    }
  }
  return counts;
}

std::optional<std::uint64_t> growth(const std::optional<std::uint64_t>& before,
                                    const std::optional<std::uint64_t>& after, unsigned bits,
                                    unsigned factor) {
  if (!before || !after) return std::nullopt;
  const std::uint64_t mask = bits >= 64 ? ~0ULL : (1ULL << bits) - 1;
  return ((*after - *before) & mask) * factor;
}

}  // namespace plumbline::probes
