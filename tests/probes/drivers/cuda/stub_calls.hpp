#pragma once

#include <cuda.h>

#include <cstddef>
#include <functional>

#include "tests/probes/drivers/cuda/stub_driver.hpp"

// What the two halves of the stub libcuda share.

namespace plumbline::stub {

World& world();
/// Counts what is taken (+1) and given back (-1).
void count(long change);
/// What the test wants this function to answer.
CUresult answer(const char* name);
inline std::byte* bytes(CUdeviceptr address) { return reinterpret_cast<std::byte*>(address); }
/// The calling thread's context.
CUcontext& current_context();
/// Counts a copy that is queued while a hold is closed.
void count_held();
/// Queues work; counts it when a hold is closed.
void push_copy(CUstream stream, std::function<void()> task);

template <typename Function>
void* address_of(Function* function) {
  return reinterpret_cast<void*>(function);
}

/// The memory calls, by name; nothing for a name that is none of them.
void* memory_call(const std::string& name);

}  // namespace plumbline::stub
