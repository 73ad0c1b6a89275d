#pragma once

#include <map>
#include <memory>
#include <string>

#include "collectives/communicator.hpp"
#include "collectives/pulse.hpp"
#include "core/rendezvous.hpp"

namespace plumbline::collectives {

/// What one rank over NCCL is opened with.
struct NcclSettings {
  std::string library;  ///< empty: libnccl.so.2
  std::string driver;   ///< empty: libcuda.so.1
  int device = 0;       ///< which of this process's GPUs
  bool graphs = false;  ///< a batch is captured and launched as one CUDA graph
  int registered = 0;   ///< 1: local, 2: symmetric buffer registration
  std::string log;      ///< where NCCL writes its log (NCCL_DEBUG_FILE); empty: nowhere
  std::map<std::string, std::string> environment;  ///< the recorded settings that are set
};

/// This thread's end of all ranks of `meeting`; NCCL's id travels over it, and so does share().
/// Both are borrowed. Unavailable, with a reason to skip, without a driver, a GPU or NCCL. The
/// first error of one rank fails all: the others see it at their next meeting's deadline.
Result<std::unique_ptr<Communicator>> open_nccl(Rendezvous& meeting, Pulse& pulse,
                                                const NcclSettings& settings, Deadline deadline);

}  // namespace plumbline::collectives
