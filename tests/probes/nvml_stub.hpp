#pragma once

#include <cstdint>
#include <cstdio>

#include "probes/drivers/nvml/nvml_abi.hpp"

// Libraries libnvidia-ml.so for tests, of several kinds: CMake chooses their sources and what they
// are like. Two GPUs are handles 1 and 2; MIG instance i of GPU 2 is handle 10 + i.
namespace plumbline::probes::nvml {

inline constexpr bool kNotLoaded = PLUMBLINE_STUB_NOT_LOADED != 0;  ///< no kernel driver
inline constexpr bool kLost = PLUMBLINE_STUB_LOST != 0;  ///< a GPU is lost, less is permitted

inline std::uintptr_t number(Handle handle) { return reinterpret_cast<std::uintptr_t>(handle); }
inline Handle handle_of(std::uintptr_t value) { return reinterpret_cast<Handle>(value); }

inline Return text(char* to, unsigned size, const char* words) {
  static_cast<void>(std::snprintf(to, size, "%s", words));
  return kSuccess;
}

inline Return put(unsigned* to, unsigned value) {
  *to = value;
  return kSuccess;
}

inline Return put(int* to, int value) {
  *to = value;
  return kSuccess;
}

}  // namespace plumbline::probes::nvml
