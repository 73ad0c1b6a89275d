#pragma once

#include <memory>

#include "collectives/nccl/communicator.hpp"
#include "collectives/nccl/device.hpp"
#include "collectives/nccl/functions.hpp"

namespace plumbline::collectives {

/// One NCCL communicator of a rank on its device. Aborted, not destroyed, once something failed.
class NcclLink {
 public:
  NcclLink(const NcclLibrary& library, const Device& device) : library_(library), device_(device) {}
  ~NcclLink();
  NcclLink(const NcclLink&) = delete;
  NcclLink& operator=(const NcclLink&) = delete;

  /// Joins `size` ranks as `rank` with rank 0's id. Does not block beyond the deadline.
  Status join(const ncclUniqueId& id, int rank, int size, Deadline deadline);
  /// The one check of NCCL's results; waits where the call goes on by itself.
  Status check(ncclResult_t result, const std::string& doing, Deadline deadline);
  /// An error that came up meanwhile.
  Status fault() const;
  ncclComm_t handle() const { return handle_; }
  const NcclFunctions& call() const { return library_.call; }
  const Device& device() const { return device_; }

 private:
  const NcclLibrary& library_;
  const Device& device_;
  ncclComm_t handle_ = nullptr;
  bool broken_ = false;
};

/// Device memory of one batch: an input, and for every run a buffer. From ncclMemAlloc where the
/// library has it, registered as asked.
class NcclMemory {
 public:
  NcclMemory(NcclLink& link, int registered) : link_(link), registered_(registered) {}
  ~NcclMemory();
  NcclMemory(const NcclMemory&) = delete;
  NcclMemory& operator=(const NcclMemory&) = delete;
  /// Makes room for at least `bytes`; what was there is lost.
  Status reserve(std::size_t bytes, Deadline deadline);
  std::byte* data() const { return data_; }
  /// "ncclMemAlloc, registered locally".
  std::string words() const;

 private:
  void release();
  Status enter_register(Deadline deadline);
  NcclLink& link_;
  int registered_;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  bool by_nccl_ = false;
  void* handle_ = nullptr;
  ncclWindow_t window_ = nullptr;
};

/// One run's arguments in NCCL's words.
struct NcclCall {
  const Operation& operation;
  int rank;
  int size;
  std::size_t count;
  ncclDataType_t type;
  ncclRedOp_t reduction;
  std::byte* from;
  std::byte* into;
};

ncclDataType_t nccl_type(ElementType type) noexcept;

/// Queues one run on the device's stream.
Status queue_run(NcclLink& link, const NcclCall& call, Deadline deadline);

}  // namespace plumbline::collectives
