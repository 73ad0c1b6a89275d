#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/files.hpp"
#include "core/model/measurement.hpp"
#include "probes/gpu/gpu_machine.hpp"

namespace plumbline::collectives {

/// What carries bytes out of a GPU or a node.
enum class CarrierKind {
  interface_,  ///< a network interface, by /proc/net/dev; loopback is one
  rdma,        ///< a port of an RDMA device, by its driver's data counters
  nvlink       ///< all NVLinks of a GPU, by NVML
};

/// A carrier's counters at one moment, in bytes.
struct Carrier {
  CarrierKind kind = CarrierKind::interface_;
  std::string name;  ///< "eth0", "mlx5_0/1", "NVLinks of GPU-..."
  double sent = 0;
  double received = 0;
  /// A software RDMA device: its packets pass an interface as well.
  bool through_kernel = false;
};

/// All of them at one moment.
struct CarrierReading {
  Moment at{};
  std::vector<Carrier> carriers;
};

/// Reads interfaces and RDMA ports below `root` and, where `instruments` is not null, the NVLinks
/// of GPU `uuid`. What cannot be read is left out: then it is no witness.
CarrierReading read_carriers(const FileTree& root, probes::GpuInstruments* instruments,
                             const std::string& uuid, const Clock& clock, Deadline deadline);

/// How much each carrier moved over the measurement, above its idle rate, by three readings: idle
/// lies between the first and the second. One that is not in all of them is left out. Pure.
std::vector<Carrier> moved_by(const CarrierReading& idle, const CarrierReading& before,
                              const CarrierReading& after);

/// What the library said of its way, and what that way must at least have carried.
struct ClaimedWay {
  std::string network;        ///< NCCL's word: "IB", "Socket", a plugin's name; empty: none
  bool peer_to_peer = false;  ///< NCCL tells of P2P between GPUs
  double network_least = 0;   ///< bytes out of this node; 0: nothing is derived
  double nvlink_load = 0;     ///< bytes out of this GPU by a ring; 0: nothing is derived
  std::string derivation;     ///< how, for people
};

/// The proofs of a node's network and of a GPU's NVLinks. The network's holds when what NCCL calls
/// its network carried nine tenths of what left the node and at least what the operation needs; a
/// network that NCCL does not name cannot be told from another. The NVLinks' (only with counters)
/// holds when they carried at least half of a ring's load: NVLS, which adds in the switch, leaves
/// them that. Pure.
std::vector<Proof> prove_carriers(const std::vector<Carrier>& moved, const ClaimedWay& way,
                                  const Endpoint& at);

}  // namespace plumbline::collectives
