#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "probes/drivers/cuda/functions.hpp"
#include "probes/drivers/cuda/kernel_work.hpp"
#include "probes/gpu/gpu_machine.hpp"

namespace plumbline::probes::cuda {

/// What is common to all devices of a process, and what went wrong for good. Once something is
/// lost, every call gives that error again and nothing is freed any more: the driver would answer
/// nonsense, or block; the end of the process frees everything.
class Driver {
 public:
  explicit Driver(Library library) : call(library.call), version(library.version) {}

  /// The one check of a result. A sticky error resets the contexts, so that the GPU's memory is
  /// free at once and another Driver of this process can begin anew, and is remembered.
  Status check(CUresult result, const std::string& doing);
  /// The error after which nothing works, if there was one.
  Status usable() const;
  /// Remembers that this process's work hangs on a device.
  void lose(Error why);
  /// True when nothing may be freed any more.
  bool lost() const { return lost_.has_value(); }
  /// A context to reset after a sticky error.
  void adopt(CUdevice device) { devices_.push_back(device); }
  /// No longer.
  void forget(CUdevice device);

  const Functions call;
  const int version;

 private:
  std::optional<Error> lost_;
  std::vector<CUdevice> devices_;
};

/// One kernel's shape: what its grid is bounded by.
struct LaunchShape {
  unsigned blocks = 1;
  unsigned threads = 1;
};

/// One device. Its context is made when it is first entered, not before: a context takes memory of
/// a GPU that somebody else may hold. Then our kernels are loaded and run once, so that nothing is
/// loaded behind a held stream.
class Device {
 public:
  /// Describes device `ordinal` of this process.
  static Result<std::unique_ptr<Device>> open(Driver& driver, int ordinal);
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  const GpuUnit& unit() const { return unit_; }
  Driver& driver() const { return driver_; }
  CUdevice handle() const { return device_; }
  CUcontext context() const { return context_; }
  /// Makes the context this thread's own, and makes it first where there is none yet.
  Status enter();
  /// An attribute; zero when the driver does not know it.
  int attribute(CUdevice_attribute which) const;
  /// Work for up to `items` threads that each do a part of it.
  LaunchShape shape_for(std::uint64_t items) const;

  /// Queues a kernel that takes one structure. The device is entered.
  template <typename Work>
  Status launch(const char* kernel, Work work, LaunchShape shape, CUstream stream) const {
    return launch_bytes(kernel, &work, shape, stream);
  }
  /// Waits for everything queued in the device's own stream.
  Status finish() const;
  /// The stream for filling, comparing and the like.
  CUstream stream() const { return stream_; }

 private:
  Device(Driver& driver, CUdevice device) : driver_(driver), device_(device) {}
  Status describe();
  Status start();
  void stop();
  Status load_kernels();
  Status warm() const;
  Status launch_bytes(const char* kernel, void* work, LaunchShape shape, CUstream stream) const;
  Result<CUfunction> function(const char* kernel) const;

  Driver& driver_;
  CUdevice device_;
  GpuUnit unit_;
  CUcontext context_ = nullptr;
  CUmodule module_ = nullptr;
  CUstream stream_ = nullptr;
  int processors_ = 1;
  std::vector<std::pair<std::string, CUfunction>> kernels_;
};

/// "GPU-01234567-89ab-cdef-0123-456789abcdef", "MIG-..." when `product` is that of a MIG slice.
std::string uuid_text(const CUuuid& uuid, const std::string& product);

}  // namespace plumbline::probes::cuda
