// The kernels; what their threads do is in kernel_work.hpp. Compiled by nvcc to one fat binary that
// the program carries.

#include "probes/drivers/cuda/kernel_work.hpp"

namespace cuda_work = plumbline::probes::cuda;

namespace {

__device__ std::uint64_t this_thread() {
  return static_cast<std::uint64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}

__device__ std::uint64_t all_threads() {
  return static_cast<std::uint64_t>(gridDim.x) * blockDim.x;
}

/// Flags and clocks of a device. The flags are shared with the host or with another GPU, so they
/// are read and written at system scope, past every cache.
struct DeviceWorld {
  __device__ std::uint32_t load(const std::uint32_t* word) const {
    std::uint32_t value = 0;
    asm volatile("ld.relaxed.sys.global.u32 %0, [%1];" : "=r"(value) : "l"(word) : "memory");
    return value;
  }
  __device__ std::uint64_t load(const std::uint64_t* word) const {
    std::uint64_t value = 0;
    asm volatile("ld.relaxed.sys.global.u64 %0, [%1];" : "=l"(value) : "l"(word) : "memory");
    return value;
  }
  __device__ void store(std::uint32_t* word, std::uint32_t value) const {
    asm volatile("st.relaxed.sys.global.u32 [%0], %1;" ::"l"(word), "r"(value) : "memory");
  }
  __device__ void store(std::uint64_t* word, std::uint64_t value) const {
    asm volatile("st.relaxed.sys.global.u64 [%0], %1;" ::"l"(word), "l"(value) : "memory");
  }
  __device__ std::uint64_t nanoseconds() const {
    std::uint64_t value = 0;
    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(value)::"memory");
    return value;
  }
  __device__ std::uint64_t ticks() const { return static_cast<std::uint64_t>(clock64()); }
};

}  // namespace

extern "C" __global__ void plumbline_fill(const cuda_work::FillWork work) {
  cuda_work::fill_share(work, this_thread(), all_threads());
}

extern "C" __global__ void plumbline_compare(const cuda_work::CompareWork work) {
  const cuda_work::Difference mine = cuda_work::compare_share(work, this_thread(), all_threads());
  if (mine.wrong == 0) return;
  using Counter = unsigned long long;
  atomicAdd(reinterpret_cast<Counter*>(&work.found->wrong), static_cast<Counter>(mine.wrong));
  atomicMin(reinterpret_cast<Counter*>(&work.found->first), static_cast<Counter>(mine.first));
}

extern "C" __global__ void plumbline_copy(const cuda_work::CopyWork work) {
  cuda_work::copy_share(work, this_thread(), all_threads());
}

extern "C" __global__ void plumbline_hold(const cuda_work::HoldWork work) {
  static_cast<void>(cuda_work::hold(work, DeviceWorld{}));
}

extern "C" __global__ void plumbline_ping(const cuda_work::PingWork work) {
  static_cast<void>(cuda_work::ping(work, DeviceWorld{}));
}
