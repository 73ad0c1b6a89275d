#include "probes/drivers/fake/fake_memories.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "probes/drivers/fake/fake_gpus.hpp"

namespace plumbline::probes {
namespace {

class FakeMemory final : public GpuMemory {
 public:
  explicit FakeMemory(std::size_t size) : size_(size) {}
  ~FakeMemory() override {
    if (bytes_ != MAP_FAILED) munmap(bytes_, size_);
  }
  FakeMemory(const FakeMemory&) = delete;
  FakeMemory& operator=(const FakeMemory&) = delete;
  Status allocate() {
    bytes_ = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (bytes_ == MAP_FAILED) return fail_errno(errno, "taking memory of a described GPU");
    return {};
  }
  std::uint64_t address() const override { return reinterpret_cast<std::uintptr_t>(bytes_); }
  std::size_t size() const override { return size_; }
  Result<int> dma_buf() override {
    return fail(ErrorCode::unavailable, "a described GPU exports no dma-buf");
  }
  Status give(std::span<const std::byte> bytes) override {
    std::memcpy(bytes_, bytes.data(), std::min(bytes.size(), size_));
    return {};
  }
  Status take(std::span<std::byte> bytes) override {
    std::memcpy(bytes.data(), bytes_, std::min(bytes.size(), size_));
    return {};
  }

 private:
  std::size_t size_;
  void* bytes_ = MAP_FAILED;
};

class FakeMemories final : public GpuMemories {
 public:
  explicit FakeMemories(std::vector<std::string> gpus) : gpus_(std::move(gpus)) {}
  std::string library() const override { return "fake"; }
  std::vector<std::string> gpus() const override { return gpus_; }
  Result<std::unique_ptr<GpuMemory>> allocate(const std::string& pci_address, Bytes size) override {
    if (std::find(gpus_.begin(), gpus_.end(), pci_address) == gpus_.end())
      return fail(ErrorCode::not_found, "no GPU " + pci_address + " is described");
    auto memory = std::make_unique<FakeMemory>(static_cast<std::size_t>(size.count));
    if (auto taken = memory->allocate(); !taken) return tl::unexpected(taken.error());
    return memory;
  }

 private:
  std::vector<std::string> gpus_;
};

}  // namespace

Result<std::unique_ptr<GpuMemories>> fake_memories(const std::string& drivers) {
  constexpr std::string_view kFake = "fake:";
  if (drivers.rfind(kFake, 0) != 0)
    return fail(ErrorCode::invalid_input, "drivers must be fake:FILE, not '" + drivers + "'");
  const auto described = open_fake_gpus(drivers.substr(kFake.size()));
  if (!described) return tl::unexpected(described.error());
  std::vector<std::string> gpus;
  for (const GpuUnit& unit : described->machine->units())
    gpus.push_back(unit.pci_address);
  return std::make_unique<FakeMemories>(std::move(gpus));
}

}  // namespace plumbline::probes
