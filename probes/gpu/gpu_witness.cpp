#include "probes/gpu/gpu_witness.hpp"

#include <algorithm>
#include <array>
#include <sstream>

namespace plumbline::probes {

namespace {

/// More than a driver reserves for itself on an idle GPU: 2 GiB, of a large one a twentieth.
std::uint64_t unseen_of(Bytes memory) {
  return std::max<std::uint64_t>(2ULL << 30U, memory.count / 20);
}
constexpr double kEnough = 0.95;  ///< counters are read a moment before or after the last bytes

const Gpu* gpu_of(const GpuNode& node, const std::string& uuid) {
  for (const Gpu& gpu : node.gpus) {
    if (gpu.uuid == uuid) return &gpu;
    for (const MigInstance& slice : gpu.instances) {
      if (slice.uuid == uuid) return &gpu;
    }
  }
  return nullptr;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text;
}

/// One kind of counter and where it is.
struct CounterRow {
  const char* link;
  const char* source;
  const char* verb;
  std::optional<Bytes> GpuCounters::*field;
  Bytes GpuCounters::*step;
  double GpuFlow::*flow;
  bool nvlink;
};

constexpr std::array<CounterRow, 4> kCounters{{
    {"NVLink", "NVML NVLink data counters", "sent", &GpuCounters::nvlink_sent,
     &GpuCounters::nvlink_step, &GpuFlow::out, true},
    {"NVLink", "NVML NVLink data counters", "received", &GpuCounters::nvlink_received,
     &GpuCounters::nvlink_step, &GpuFlow::in, true},
    {"PCIe", "NVML PCIe byte counters", "sent", &GpuCounters::pcie_sent, &GpuCounters::pcie_step,
     &GpuFlow::out, false},
    {"PCIe", "NVML PCIe byte counters", "received", &GpuCounters::pcie_received,
     &GpuCounters::pcie_step, &GpuFlow::in, false},
}};

/// The flow through NVLink, or through PCIe, that a GPU should have seen.
GpuFlow flow_of(const GpuNode& node, const GpuCase& one, const GpuRecord& record,
                const std::string& uuid, bool nvlink) {
  GpuFlow flow;
  for (std::size_t i = 0; i < one.streams.size() && i < record.moved.size(); ++i) {
    const GpuStream& stream = one.streams[i];
    if (stream.from.gpu == stream.to.gpu) continue;
    const bool host = stream.from.on_host() || stream.to.on_host();
    const bool linked = !host && by_nvlink(node, stream.from.gpu, stream.to.gpu);
    if (nvlink ? !linked : !host) continue;
    const auto moved = static_cast<double>(record.moved[i].count);
    if (stream.from.gpu == uuid) flow.out += moved;
    if (stream.to.gpu == uuid) flow.in += moved;
  }
  return flow;
}

const GpuCounters* find(const GpuTally& tally, const std::string& uuid) {
  const auto found = tally.of.find(uuid);
  return found == tally.of.end() ? nullptr : &found->second;
}

double gigabytes(double bytes) { return static_cast<double>(static_cast<long>(bytes / 1e7)) / 100; }

std::string gigabytes_text(double bytes) {
  std::string text = std::to_string(gigabytes(bytes));
  text.erase(text.find('.') + 3);
  return text + " GB";
}

double grown(Bytes from, Bytes to) {
  return static_cast<double>(to.count > from.count ? to.count - from.count : 0);
}

std::optional<Proof> counter_proof(const CounterRow& row, const Endpoint& at, double payload,
                                   const GpuTallies& tallies) {
  const auto* const idle = find(tallies.idle, at.device);
  const auto* const before = find(tallies.before, at.device);
  const auto* const after = find(tallies.after, at.device);
  if (payload <= 0 || idle == nullptr || before == nullptr || after == nullptr) return {};
  if (!(idle->*row.field) || !(before->*row.field) || !(after->*row.field)) return {};
  const double idle_time = in_seconds(tallies.before.at - tallies.idle.at).value;
  const double time = in_seconds(tallies.after.at - tallies.before.at).value;
  const double idle_bytes =
      idle_time > 0 ? grown(*(idle->*row.field), *(before->*row.field)) / idle_time * time : 0;
  const double moved = grown(*(before->*row.field), *(after->*row.field)) - idle_bytes;
  Proof proof{"counter", at, row.source, {}, {}, {}, {}, false};
  proof.before = static_cast<double>((before->*row.field)->count);
  proof.after = static_cast<double>((after->*row.field)->count);
  proof.expected = payload;
  const auto step = static_cast<double>((before->*row.step).count);
  proof.holds = moved + step >= kEnough * payload;
  proof.statement = std::string(row.verb) + " " + gigabytes_text(std::max(0.0, moved)) + " over " +
                    row.link + ", payload " + gigabytes_text(payload);
  if (row.nvlink && moved < payload / 100)
    proof.statement += ": the driver says NVLink joins the two, and NVLink moved nothing";
  return proof;
}

}  // namespace

std::optional<std::string> held_by(const GpuNode& node, const std::string& uuid) {
  const Gpu* const gpu = gpu_of(node, uuid);
  if (gpu == nullptr)
    return uuid + " is not told by " + node.source + ": nobody knows who holds it";
  if (!gpu->processes) return "who holds " + uuid + " cannot be told: its processes are not known";
  if (!gpu->processes->empty()) {
    const GpuProcess& first = gpu->processes->front();
    return uuid + " is held by process " + std::to_string(first.pid) +
           (gpu->processes->size() > 1
                ? " and " + std::to_string(gpu->processes->size() - 1) + " more"
                : "");
  }
  const bool slice = gpu->uuid != uuid;
  if (!slice && gpu->free_memory &&
      gpu->memory.count > gpu->free_memory->count + unseen_of(gpu->memory)) {
    const Bytes used{gpu->memory.count - gpu->free_memory->count};
    return format_size(used) + " of " + uuid + " are in use by somebody who is not shown here";
  }
  return std::nullopt;
}

std::map<std::string, std::string> held_words(const Request& request) {
  std::map<std::string, std::string> held;
  const auto given = request.options.find("held");
  if (given == request.options.end()) return held;
  std::istringstream lines(given->second);
  for (std::string line; std::getline(lines, line);) {
    const auto equal = line.find('=');
    if (equal != std::string::npos) held[line.substr(0, equal)] = line.substr(equal + 1);
  }
  return held;
}

bool peers_told(const GpuNode& node, const std::string& one, const std::string& other) {
  return std::any_of(node.peers.begin(), node.peers.end(), [&](const GpuPeer& peer) {
    return peer.from == one && peer.to == other && (peer.read == "ok" || peer.write == "ok");
  });
}

std::vector<std::string> caveats_of(const GpuNode& node, const std::vector<std::string>& gpus) {
  std::vector<std::string> caveats;
  for (const auto& uuid : gpus) {
    const Gpu* const gpu = gpu_of(node, uuid);
    if (gpu == nullptr) continue;
    const auto add = [&](const std::string& words) { caveats.push_back(uuid + ": " + words); };
    if (!gpu->state.throttled.empty()) add("clocks throttled: " + joined(gpu->state.throttled));
    if (gpu->processes && gpu->processes->size() > 1)
      add(std::to_string(gpu->processes->size()) + " processes, this one among them");
    if (gpu->health.ecc == false) add("ECC is off");
    if (gpu->uuid != uuid) {
      add("a MIG slice of " + gpu->uuid);
    } else if (gpu->mig == true) {
      add("MIG mode is on");
    }
  }
  return caveats;
}

std::vector<std::string> gpus_of(const GpuCase& one) {
  std::vector<std::string> gpus;
  for (const GpuStream& stream : one.streams) {
    for (const GpuPlace* const place : {&stream.from, &stream.to}) {
      if (place->on_host()) continue;
      if (std::find(gpus.begin(), gpus.end(), place->gpu) == gpus.end()) gpus.push_back(place->gpu);
    }
  }
  return gpus;
}

GpuTally tally_of(const GpuAccess& access, const GpuCase& one, const Clock& clock,
                  Deadline deadline) {
  GpuTally tally{clock.now(), {}};
  if (!access.instruments) return tally;
  for (const auto& uuid : gpus_of(one)) {
    const auto counters = access.instruments->counters(uuid, deadline);
    if (counters) tally.of.emplace(uuid, *counters);
  }
  return tally;
}

bool knows_peer(const GpuNode& node, const std::string& one, const std::string& other) {
  return std::any_of(node.peers.begin(), node.peers.end(),
                     [&](const GpuPeer& peer) { return peer.from == one && peer.to == other; });
}

bool by_nvlink(const GpuNode& node, const std::string& one, const std::string& other) {
  return std::any_of(node.peers.begin(), node.peers.end(), [&](const GpuPeer& peer) {
    return peer.from == one && peer.to == other && peer.nvlink == "ok";
  });
}

std::vector<Proof> prove_flow(const Endpoint& at, const GpuFlow& flow, bool nvlink,
                              const GpuTallies& tallies) {
  std::vector<Proof> proofs;
  for (const CounterRow& row : kCounters) {
    if (row.nvlink != nvlink) continue;
    auto proof = counter_proof(row, at, flow.*row.flow, tallies);
    if (proof) proofs.push_back(std::move(*proof));
  }
  return proofs;
}

std::vector<Proof> prove_gpu(const GpuAccess& access, const GpuNode& node, const GpuCase& one,
                             const GpuRecord& record, const GpuTallies& tallies) {
  std::vector<Proof> proofs;
  Proof library{"library", one.identity.from, access.machine->library(), {}, {}, {}, {}, true};
  const std::string runner = one.streams.front().runner;
  library.statement = access.machine->library() + " copied by " + runner +
                      (one.engine == CopyEngine::sm ? ", by our kernel" : ", by its copy engine");
  proofs.push_back(std::move(library));
  for (const auto& uuid : gpus_of(one)) {
    const Endpoint at{one.identity.from.node, uuid, ""};
    for (const bool nvlink : {true, false}) {
      const GpuFlow flow = flow_of(node, one, record, uuid, nvlink);
      for (Proof& proof : prove_flow(at, flow, nvlink, tallies))
        proofs.push_back(std::move(proof));
    }
  }
  return proofs;
}

}  // namespace plumbline::probes
