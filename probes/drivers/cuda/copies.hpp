#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "probes/drivers/cuda/regions.hpp"

namespace plumbline::probes::cuda {

/// The words in pinned host memory by which the host and held kernels speak.
class Flags {
 public:
  /// `region` is host memory of at least kSize bytes; borrowed.
  explicit Flags(const CudaRegion& region) : region_(region) {}
  static constexpr std::uint64_t kSize = 4096;
  /// Closes the gate: holds begin to wait.
  void close() const;
  /// Opens it.
  void open() const;
  /// True when a kernel gave up since close().
  bool expired() const;
  /// As the devices see them.
  const std::uint32_t* released_address() const;
  std::uint32_t* expired_address() const;

 private:
  std::uint32_t* host_word(std::size_t index) const;
  std::uint32_t* device_word(std::size_t index) const;
  const CudaRegion& region_;
};

/// One order with the device that runs it.
struct Errand {
  const CopyOrder* order = nullptr;
  const CudaRegion* source = nullptr;
  const CudaRegion* destination = nullptr;
  Device* runner = nullptr;
};

/// Runs errands together behind one hold. Kernels that were never held before are run once first;
/// `warmed` remembers which.
Result<std::vector<CopyTime>> run_together(const std::vector<Errand>& errands, const Flags& flags,
                                           std::set<std::string>& warmed, Deadline deadline);

/// Waits until `ready` says CUDA_SUCCESS, an error, or the deadline passes; then the driver's work
/// is lost and the error says `doing`.
Status await(Driver& driver, const std::function<CUresult()>& ready, const std::string& doing,
             Deadline deadline);

}  // namespace plumbline::probes::cuda
