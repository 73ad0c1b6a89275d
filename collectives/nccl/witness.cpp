#include "collectives/nccl/witness.hpp"

#include <set>

#include "collectives/bus_factor.hpp"
#include "core/model/gpu.hpp"
#include "probes/drivers/nvml/nvml_instruments.hpp"

namespace plumbline::collectives {
namespace {

constexpr auto kLook = std::chrono::seconds(2);
constexpr const char* kNetworkMark = ", network ";

std::string node_of(const Request& request, std::size_t rank) {
  return rank < request.ends.size() ? request.ends[rank].node : std::string();
}

int nodes_in(const Request& request) {
  std::set<std::string> nodes;
  for (const Endpoint& end : request.ends)
    nodes.insert(end.node);
  return static_cast<int>(nodes.size());
}

}  // namespace

ClaimedWay claimed_way(const std::string& statement) {
  ClaimedWay way;
  const std::size_t at = statement.find(kNetworkMark);
  if (at != std::string::npos) {
    way.network = statement.substr(at + std::string(kNetworkMark).size());
    way.network = way.network.substr(0, way.network.find_first_of(" ,;"));
  }
  way.peer_to_peer = statement.find("P2P/") != std::string::npos;
  return way;
}

double network_least(const Moved& moved, int nodes, int ranks, int here,
                     const std::string& statement) {
  const bool in_switch = statement.find("COLLNET") != std::string::npos;
  if (!moved.whole || has_root(moved.operation.kind) || nodes < 2 || in_switch) return 0;
  return nic_rate({moved.bus_bytes}, nodes, ranks).value * here;
}

std::string pci_in(const std::string& statement) {
  const std::size_t open = statement.find(", [");
  const std::size_t close = statement.find(']', open);
  if (open == std::string::npos || close == std::string::npos) return {};
  return statement.substr(open + 3, close - open - 3);
}

NcclWitness::NcclWitness(const Request& request, const StepMemory& steps, FileTree root,
                         const Clock& clock)
    : request_(request), steps_(steps), root_(std::move(root)), clock_(clock) {
  const auto mine = static_cast<std::size_t>(request.rank);
  const std::string node = node_of(request, mine);
  for (std::size_t rank = 0; rank < static_cast<std::size_t>(request.size); ++rank) {
    if (node_of(request, rank) != node) continue;
    ++here_;
    if (rank < mine) first_ = false;
  }
}

NcclWitness::~NcclWitness() = default;

void NcclWitness::watch_gpu(const std::string& pci_address) {
  auto instruments = probes::nvml_instruments();
  if (!instruments || pci_address.empty()) return;
  const auto node = (*instruments)->look(Deadline::after(kLook));
  if (!node) return;
  for (const auto& gpu : node->gpus)
    if (gpu.pci_address.starts_with(pci_address)) uuid_ = gpu.uuid;
  instruments_ = std::move(*instruments);
}

CarrierReading NcclWitness::read() const {
  return read_carriers(root_, instruments_.get(), uuid_, clock_, Deadline::after(kLook));
}

void NcclWitness::idle() { idle_ = read(); }

void NcclWitness::before() {
  before_ = read();
  steps_before_ = steps_.look();
}

void NcclWitness::after() {
  steps_after_ = steps_.look();
  after_ = read();
}

std::vector<Proof> NcclWitness::proofs(const Moved& moved, const Proof& library) const {
  Endpoint at;
  const auto rank = static_cast<std::size_t>(request_.rank);
  if (rank < request_.ends.size()) at = request_.ends[rank];
  std::vector<Proof> proofs{
      prove_steps(steps_between(steps_before_, steps_after_), steps_.problem(), at, moved.ranks)};
  ClaimedWay way = claimed_way(library.statement);
  const int nodes = nodes_in(request_);
  way.network_least = network_least(moved, nodes, request_.size, here_, library.statement);
  way.derivation = std::to_string(moved.runs) + " runs over " + std::to_string(nodes) + " nodes";
  if (nodes == 1 && moved.whole && !has_root(moved.operation.kind))
    way.nvlink_load = moved.bus_bytes;
  for (Proof& proof : prove_carriers(moved_by(idle_, before_, after_), way, at)) {
    const bool of_node = proof.source.starts_with("/proc");
    if (first_ || !of_node) proofs.push_back(std::move(proof));
  }
  return proofs;
}

std::optional<double> NcclWitness::patience() const {
  const StepCounts during = steps_between(steps_before_, steps_after_);
  if (during.sends + during.receives == 0) return std::nullopt;
  return patience_of(during);
}

}  // namespace plumbline::collectives
