#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/model/gpu.hpp"
#include "probes/gpu/gpu_machine.hpp"

namespace plumbline::probes {

/// Who is on a GPU beside ourselves: `own` is this process, `ours` how many processes of this
/// measurement use the GPU. The driver may call ours by numbers of another PID namespace; then so
/// many unknown ones are taken for ours. Nothing when nobody else is there. Pure.
std::optional<std::string> newcomer(const std::vector<GpuProcess>& processes, std::uint32_t own,
                                    std::size_t ours);

/// Looks at the processes of GPUs every 300 ms, from a thread of its own, while it lives. Calls
/// `came`, once and from that thread, with words when somebody else is on one, or when for five
/// seconds nobody could tell. MIG slices are not looked at: their GPU's other slices are others'.
class TenantLook {
 public:
  /// `instruments` is borrowed; only its processes() is used.
  TenantLook(GpuInstruments& instruments, std::vector<std::string> gpus, std::size_t ours,
             std::function<void(const std::string&)> came);
  ~TenantLook();
  TenantLook(const TenantLook&) = delete;
  TenantLook& operator=(const TenantLook&) = delete;

 private:
  void keep_looking();
  std::optional<std::string> look();

  GpuInstruments& instruments_;
  std::vector<std::string> gpus_;
  std::size_t ours_;
  std::function<void(const std::string&)> came_;
  Deadline answer_by_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace plumbline::probes
