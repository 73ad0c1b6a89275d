#include "probes/gpu/rdma_memory.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <set>

#include "core/model/gpu.hpp"
#include "probes/drivers/cuda/cuda_memories.hpp"
#include "probes/drivers/fake/fake_memories.hpp"
#include "probes/drivers/nvml/nvml_instruments.hpp"

namespace plumbline::probes {
namespace {

constexpr std::chrono::seconds kAnswerWithin{5};

/// The CUDA driver's GPUs, each looked at before its first use.
class GuardedMemories final : public GpuMemories {
 public:
  explicit GuardedMemories(std::unique_ptr<GpuMemories> inner) : inner_(std::move(inner)) {}
  std::string library() const override { return inner_->library(); }
  std::vector<std::string> gpus() const override { return inner_->gpus(); }
  Result<std::unique_ptr<GpuMemory>> allocate(const std::string& pci_address, Bytes size) override {
    const std::lock_guard lock(mutex_);
    if (!free_.contains(pci_address)) {
      if (auto free = look(pci_address); !free) return tl::unexpected(free.error());
      free_.insert(pci_address);
    }
    return inner_->allocate(pci_address, size);
  }

 private:
  static Status look(const std::string& pci_address) {
    const auto instruments = nvml_instruments();
    if (!instruments)
      return pass_up(instruments.error(), "whether GPU " + pci_address + " is free is not known");
    const auto node = (*instruments)->look(Deadline::after(kAnswerWithin));
    if (!node) return pass_up(node.error(), "asking who uses GPU " + pci_address);
    const auto gpu = std::find_if(node->gpus.begin(), node->gpus.end(),
                                  [&](const Gpu& one) { return one.pci_address == pci_address; });
    if (gpu == node->gpus.end() || !gpu->processes)
      return fail(ErrorCode::conflict, "who uses GPU " + pci_address + " is not told");
    if (gpu->processes->empty()) return {};
    return fail(ErrorCode::conflict, "process " + std::to_string(gpu->processes->front().pid) +
                                         " is on GPU " + pci_address);
  }

  std::unique_ptr<GpuMemories> inner_;
  std::mutex mutex_;
  std::set<std::string> free_;
};

class Desk final : public GpuMemoryDesk {
 public:
  Result<std::shared_ptr<GpuMemories>> open(const std::string& drivers) override {
    const std::lock_guard lock(mutex_);
    if (const auto found = open_.find(drivers); found != open_.end()) return found->second;
    auto memories = drivers.empty() ? cuda_memories() : fake_memories(drivers);
    if (!memories) return tl::unexpected(memories.error());
    std::shared_ptr<GpuMemories> opened;
    if (drivers.empty()) {
      opened = std::make_shared<GuardedMemories>(std::move(*memories));
    } else {
      opened = std::move(*memories);
    }
    open_[drivers] = opened;
    return opened;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<GpuMemories>> open_;
};

}  // namespace

std::shared_ptr<GpuMemoryDesk> gpu_memory_desk() { return std::make_shared<Desk>(); }

}  // namespace plumbline::probes
