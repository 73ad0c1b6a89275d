#include "agent/service/bounds.hpp"

#include <net/if.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "core/protocol/mpi_daemon.hpp"

namespace plumbline::agent {
namespace {

constexpr std::array<std::string_view, 7> kPairOptions{
    "transport", "operations", "depths", "queue_pairs", "numa", "gid_index", "gpu"};
constexpr std::size_t kOptionMost = 64;
constexpr std::size_t kColoursMost = 8192;     // of all ranks, and groups by their nodes
constexpr std::size_t kHeldMost = 16U << 10U;  // which GPUs to leave alone, and why
constexpr std::size_t kNamesMost = 512;        // GPUs, their slices and what slices call both
constexpr std::size_t kNameMost = 253;         // a DNS name
constexpr std::size_t kUuidMost = 64;
constexpr std::array<std::string_view, 6> kProbes{"inventory", "memory_copy", "loopback_latency",
                                                  "gpu_copy",  "gpu_pair",    "pair"};
constexpr std::array<std::string_view, 10> kCollectives{
    "all_reduce", "all_gather", "reduce_scatter", "broadcast", "reduce",
    "alltoall",   "gather",     "scatter",        "sendrecv",  "hypercube"};
/// What chooses how a collective is measured; none of them names a path or a device.
constexpr std::array<std::string_view, 18> kCollectiveOptions{
    "blocking",  "colours", "graphs", "group",     "iterations", "latency_upto",
    "place",     "rail",    "redop",  "register",  "root",       "samples",
    "share_gpu", "stall",   "subnet", "transport", "type",       "warmup"};
constexpr std::array<std::string_view, 4> kPairMeasures{"one_way", "reverse", "both_ways",
                                                        "latency"};

tl::unexpected<Error> refuse(const std::string& text) {
  return fail(ErrorCode::invalid_input, text);
}

bool is_word(const std::string& text, std::size_t most, std::string_view also) {
  if (text.empty() || text.size() > most) return false;
  return std::all_of(text.begin(), text.end(), [&](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || also.find(letter) != std::string_view::npos;
  });
}

bool within(double value, double most) {
  return std::isfinite(value) && value > 0 && value <= most;
}

template <typename List>
bool contains(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

Status check_budget(const Request& request) {
  if (!within(request.limit.value, bounds::kLimitMost)) {
    return refuse("request.limit must be above 0 and at most 300 s");
  }
  if (!within(request.budget.time.value, bounds::kLimitMost)) {
    return refuse("request.budget.time must be above 0 and at most 300 s");
  }
  if (!within(request.budget.batch.value, request.budget.time.value)) {
    return refuse("request.budget.batch must be above 0 and at most the budget's time");
  }
  if (!within(request.budget.width, 1)) {
    return refuse("request.budget.width must be above 0 and at most 1");
  }
  if (request.budget.bytes.count == 0 || request.budget.bytes.count > bounds::kPayloadMost) {
    return refuse("request.budget.bytes must be 1 to 64 GiB");
  }
  return {};
}

Status check_sizes(const Request& request) {
  if (request.sizes.size() > bounds::kCountMost) return refuse("request.sizes has more than 64");
  for (const auto size : request.sizes) {
    if (size.count == 0 || size.count > bounds::kSizeMost) {
      return refuse("request.sizes must each be 1 byte to 1 GiB");
    }
  }
  if (request.measure.size() > kPairMeasures.size()) return refuse("request.measure is too long");
  for (const auto& what : request.measure) {
    if (!contains(kPairMeasures, what)) return refuse("request.measure names no such measure");
  }
  return {};
}

Status check_ends(const Request& request, const std::string& node) {
  const std::size_t device_most = is_gpu_probe(request.probe) ? kUuidMost : IFNAMSIZ - 1;
  const auto count = request.ends.size();
  const bool many = is_collective(request.probe) || request.probe == kMpiDaemon;
  const std::size_t most = many ? bounds::kRanksMost : bounds::kCountMost;
  if (count == 0 || count > most)
    return refuse("request.ends must be 1 to " + std::to_string(most));
  if (request.size != static_cast<int>(count)) return refuse("request.size must count the ends");
  if (request.rank < 0 || request.rank >= request.size) {
    return refuse("request.rank must be 0 to size - 1");
  }
  for (const auto& end : request.ends) {
    if (!is_word(end.node, kNameMost, ".-_")) return refuse("request.ends has a bad node name");
    if (!end.device.empty() && !is_word(end.device, device_most, ".-_@:")) {
      return refuse("request.ends has a bad device name");
    }
    if (!end.rail.empty() && !is_word(end.rail, kNameMost, ".-_/")) {
      return refuse("request.ends has a bad rail name");
    }
  }
  const auto& own = request.ends[static_cast<std::size_t>(request.rank)];
  if (own.node != node) return refuse("request.ends says this end is not " + node);
  return {};
}

Status check_pair(const Request& request, const NodeWords& words) {
  if (request.size != 2) return refuse("a pair has two ends");
  if (request.sizes.empty() && !contains(request.measure, "latency")) {
    return refuse("request.sizes is empty");
  }
  const auto& device = request.ends[static_cast<std::size_t>(request.rank)].device;
  if (device.empty() || !words.is_interface(device)) {
    return fail(ErrorCode::not_found, "no network device \"" + device + "\" on " + words.node);
  }
  if (!words.is_allowed(device)) {
    return fail(ErrorCode::permission_denied,
                device + " on " + words.node + " has no address in a network that may be measured");
  }
  return {};
}

Status check_names(const MeasureOrder& order) {
  if (!is_word(order.measurement, 64, "._-")) {
    return refuse("measurement must be 1 to 64 of A-Z a-z 0-9 . _ -");
  }
  if (!order.own_namespace.empty() && !is_word(order.own_namespace, 63, "-")) {
    return refuse("own_namespace is no namespace's name");
  }
  if (order.device_names.size() > kNamesMost) return refuse("device_names has over 512");
  for (const auto& name : order.device_names) {
    if (!is_word(name, kNameMost, ".-_/:")) return refuse("device_names has a bad name");
  }
  return {};
}

Status check_gpu_pair(const Request& request) {
  if (request.size != 2) return refuse("a pair has two ends");
  for (const auto& end : request.ends) {
    if (end.device.empty()) return refuse("request.ends must each name a GPU by its UUID");
  }
  return {};
}

/// Which GPUs to leave alone, and why: words for an outcome.
bool is_held(const std::string& text) {
  return text.size() <= kHeldMost && std::all_of(text.begin(), text.end(), [](char letter) {
           return letter == '\n' || static_cast<unsigned char>(letter) >= 0x20;
         });
}

/// Options are the agent's to give, since through some a caller would name paths of this node; but
/// for those of a pair or a collective that only choose how to measure, and the GPUs that are not
/// to be touched.
Status check_options(const Request& request) {
  if (request.probe == kMpiDaemon) {
    const auto command = daemon_command(request);
    return command ? Status() : tl::unexpected(command.error());
  }
  const bool many = is_collective(request.probe);
  for (const auto& [name, value] : request.options) {
    if (is_gpu_probe(request.probe) && name == "held" && is_held(value)) continue;
    const bool way = value == "ipc" || value == "fabric";
    if (request.probe == "gpu_pair" && name == "share" && way) continue;
    const bool pair = request.probe == "pair" && contains(kPairOptions, name);
    if (!pair && !(many && contains(kCollectiveOptions, name))) {
      return refuse("request.options are not for callers");
    }
    if (many && value.empty()) continue;  // as if it were not there
    if (!is_word(value, many ? kColoursMost : kOptionMost, many ? ",._/:+-" : ",")) {
      return refuse("request.options." + name + " is no list of words");
    }
  }
  return {};
}

}  // namespace

Status check_order(const MeasureOrder& order, const NodeWords& words) {
  const Request& request = order.request;
  const bool daemon = request.probe == kMpiDaemon;
  if (daemon && !words.placed)
    return fail(ErrorCode::permission_denied,
                "only an agent that runs --placed, in a pod of a stage's own, starts mpi_daemon");
  if (!contains(kProbes, request.probe) && !is_collective(request.probe) && !daemon) {
    return refuse(
        "no such probe here: inventory, memory_copy, loopback_latency, gpu_copy, gpu_pair, pair, "
        "or a collective");
  }
  if (const auto options = check_options(request); !options) return options;
  if (const auto names = check_names(order); !names) return names;
  if (const auto budget = check_budget(request); !budget) return budget;
  if (const auto sizes = check_sizes(request); !sizes) return sizes;
  if (const auto ends = check_ends(request, words.node); !ends) return ends;
  if (request.probe == "pair") return check_pair(request, words);
  if (request.probe == "gpu_pair") return check_gpu_pair(request);
  if (is_collective(request.probe)) {
    return request.sizes.empty() ? Status(refuse("request.sizes is empty")) : Status();
  }
  if (daemon) return {};
  if (request.size != 1) return refuse("only a pair has more than one end");
  return {};
}

Status check_exchange(const ExchangeOrder& order) {
  if (order.gathered.sequence < 0) return refuse("gathered.sequence must not be negative");
  if (order.gathered.bytes.size() > bounds::kRanksMost)
    return refuse("gathered has over 1024 ends");
  for (const auto& bytes : order.gathered.bytes) {
    if (bytes.size() > bounds::kGatheredMost) return refuse("an end's bytes are over 64 KiB");
  }
  return {};
}

bool is_collective(const std::string& probe) { return contains(kCollectives, probe); }

bool is_gpu_probe(const std::string& probe) { return probe.starts_with("gpu_"); }

bool is_interface(const std::string& name) {
  return !name.empty() && name.size() < IFNAMSIZ && ::if_nametoindex(name.c_str()) != 0;
}

}  // namespace plumbline::agent
