#pragma once

#include <memory>
#include <string>

#include "collectives/nccl/carriers.hpp"
#include "collectives/nccl/steps.hpp"
#include "collectives/rank_job.hpp"
#include "core/protocol/request.hpp"

namespace plumbline::collectives {

/// What NCCL's own words in a library proof claim: "network IB", "P2P/CUMEM". Pure.
ClaimedWay claimed_way(const std::string& statement);

/// How many bytes must at least leave a node in a measurement, by the hierarchical model of
/// nic_rate() for the ranks on it; zero for operations with a root, for groups, and for algorithms
/// that add in a switch of the network (COLLNET). Pure.
double network_least(const Moved& moved, int nodes, int ranks, int here,
                     const std::string& statement);

/// The signs of one rank over NCCL: what NCCL's profiler interface told, and what the counters of
/// its GPU's NVLinks and, on the first rank of each node, of the node's interfaces and RDMA ports
/// say. Borrows the memory of the steps and the clock.
class NcclWitness final : public Witness {
 public:
  NcclWitness(const Request& request, const StepMemory& steps, FileTree root, const Clock& clock);
  ~NcclWitness() override;
  void idle() override;
  void before() override;
  void after() override;
  std::vector<Proof> proofs(const Moved& moved, const Proof& library) const override;
  std::optional<double> patience() const override;
  /// Looks at the NVLinks of the GPU of this PCI address ("0000:07:00.0") too, where NVML tells
  /// them.
  void watch_gpu(const std::string& pci_address);

 private:
  CarrierReading read() const;
  const Request& request_;
  const StepMemory& steps_;
  FileTree root_;
  const Clock& clock_;
  int here_ = 0;       ///< ranks on this node
  bool first_ = true;  ///< of them
  std::unique_ptr<probes::GpuInstruments> instruments_;
  std::string uuid_;
  CarrierReading idle_, before_, after_;
  StepCounts steps_before_{}, steps_after_{};
};

/// "0000:07:00.0" in "NCCL 2.28.9, 4 ranks, [0000:07:00.0] NVIDIA ..."; empty without one. Pure.
std::string pci_in(const std::string& statement);

}  // namespace plumbline::collectives
