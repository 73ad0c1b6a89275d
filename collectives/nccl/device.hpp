#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"

namespace plumbline::collectives {

/// What this room needs of the CUDA driver, bound at run time. Handles are the driver's opaque
/// pointers; results are its numbers, 0 is success. Not the table of probes/drivers/cuda: that one
/// is made of cuda.h and is there only where the CUDA toolkit is, while NCCL's header alone is
/// enough to build this room (docs/decisions/0033).
struct DeviceFunctions {
  int (*init)(unsigned) = nullptr;
  int (*get_error_string)(int, const char**) = nullptr;
  int (*device_get_count)(int*) = nullptr;
  int (*device_get)(int*, int) = nullptr;
  int (*device_get_name)(char*, int, int) = nullptr;
  int (*device_get_pci_bus_id)(char*, int, int) = nullptr;
  int (*primary_ctx_retain)(void**, int) = nullptr;
  int (*primary_ctx_release)(int) = nullptr;
  int (*ctx_set_current)(void*) = nullptr;
  int (*stream_create)(void**, unsigned) = nullptr;
  int (*stream_destroy)(void*) = nullptr;
  int (*stream_query)(void*) = nullptr;
  int (*mem_alloc)(std::uint64_t*, std::size_t) = nullptr;
  int (*mem_free)(std::uint64_t) = nullptr;
  int (*copy_to)(std::uint64_t, const void*, std::size_t) = nullptr;
  int (*copy_from)(void*, std::uint64_t, std::size_t) = nullptr;
  int (*copy_within)(std::uint64_t, std::uint64_t, std::size_t, void*) = nullptr;
  int (*event_create)(void**, unsigned) = nullptr;
  int (*event_destroy)(void*) = nullptr;
  int (*event_record)(void*, void*) = nullptr;
  int (*event_elapsed)(float*, void*, void*) = nullptr;
  int (*begin_capture)(void*, int) = nullptr;
  int (*end_capture)(void*, void**) = nullptr;
  int (*instantiate)(void**, void*, unsigned long long) = nullptr;
  int (*graph_launch)(void*, void*) = nullptr;
  int (*graph_exec_destroy)(void*) = nullptr;
  int (*graph_destroy)(void*) = nullptr;
};

/// One GPU of this process with a stream of its own. The primary context is this thread's current
/// one while it lives. One thread.
class Device {
 public:
  /// Opens GPU number `ordinal` by `library` ("libcuda.so.1" when it is empty). Unavailable, with a
  /// reason to skip, without a driver or without that GPU.
  static Result<std::unique_ptr<Device>> open(const std::string& library, int ordinal);
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  /// "[0000:07:00] NVIDIA H100 80GB HBM3".
  const std::string& name() const { return name_; }
  void* stream() const { return stream_; }
  const DeviceFunctions& call() const { return call_; }
  /// The one check of the driver's results.
  Status check(int result, const std::string& doing) const;
  /// Waits until all work of the stream is done; meanwhile asks `fails` for a reason to give up.
  Status finish(const std::function<Status()>& fails, Deadline deadline) const;

 private:
  Device() = default;
  Status start(int ordinal);
  DeviceFunctions call_;
  int device_ = 0;
  bool retained_ = false;
  void* stream_ = nullptr;
  std::string name_;
};

/// Events on a stream, for the times between them.
class Events {
 public:
  explicit Events(const Device& device) : device_(device) {}
  ~Events();
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;
  /// Queues another one.
  Status record();
  /// Seconds from the first to each later one; all are done.
  Result<std::vector<double>> since_first() const;

 private:
  const Device& device_;
  std::vector<void*> events_;
};

}  // namespace plumbline::collectives
