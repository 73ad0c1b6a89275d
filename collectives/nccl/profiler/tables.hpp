#pragma once

#include <cstddef>
#include <cstdint>

#include "collectives/nccl/profiler/abi.hpp"

namespace plumbline::collectives::abi {

/// What comes with a new state: bytes of the whole operation so far (1 to 3) or of the step.
struct StateArguments {
  std::size_t bytes;
  int steps;
};

/// NCCL's logger, which is not called.
using Logger = void (*)(int, unsigned long, const char*, int, const char*, ...);

/// The table that a library exports as ncclProfiler_v1 to ncclProfiler_v5. Results: 0 is success.
template <typename Description, typename Init>
struct Table {
  const char* name;
  Init init;
  int (*start)(void* context, void** event, Description* description);
  int (*stop)(void* event);
  int (*record)(void* event, int state, StateArguments* arguments);
  int (*finalize)(void* context);
};
using Init1 = int (*)(void** context, int* wanted);
using Init4 = int (*)(void** context, int* wanted, const char* name, std::uint64_t id, int nodes,
                      int ranks, int rank, Logger logger);
using Init5 = int (*)(void** context, std::uint64_t id, int* wanted, const char* name, int nodes,
                      int ranks, int rank, Logger logger);
using Table1 = Table<Description1, Init1>;
using Table2 = Table<Description2, Init1>;
using Table3 = Table<Description3, Init1>;
using Table4 = Table<Description4, Init4>;
using Table5 = Table<Description5, Init5>;

}  // namespace plumbline::collectives::abi
