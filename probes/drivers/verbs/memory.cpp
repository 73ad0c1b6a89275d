#include "probes/drivers/verbs/memory.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <cstdint>

#include "core/files.hpp"
#include "core/units.hpp"
#include "probes/drivers/host/machine.hpp"

namespace plumbline::probes {

namespace {

struct Placed {
  std::shared_ptr<void> owner;
  std::span<std::byte> bytes;
};

Result<Placed> anywhere(std::size_t size) {
  void* const bytes =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (bytes == MAP_FAILED) return fail_errno(errno, "allocating " + format_size(Bytes{size}));
  const std::shared_ptr<void> owner(bytes, [size](void* gone) { munmap(gone, size); });
  return Placed{owner, {static_cast<std::byte*>(bytes), size}};
}

Result<Placed> on_node(std::size_t size, int numa) {
  const auto machine = Machine::open({}, Depth::nodes);
  if (!machine) return tl::unexpected(machine.error());
  auto memory = machine->allocate(numa, size);
  if (!memory) return tl::unexpected(memory.error());
  const auto kept = std::make_shared<PlacedMemory>(std::move(*memory));
  return Placed{kept, {kept->data(), kept->size()}};
}

constexpr int kAccess = IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ;

/// The module by which memory of a GPU is registered as if it were the host's; empty: none.
std::string peer_memory_module() {
  const FileTree root("/");
  for (const char* module : {"nvidia_peermem", "nv_peer_mem"}) {
    if (root.exists(std::string("sys/module/") + module)) return module;
  }
  return {};
}

struct RegisteredGpu {
  Handle<ibv_mr> region;
  std::string words;
};

/// By dma-buf, else by the peer memory module. Described memory is the host's: any device takes it.
Result<RegisteredGpu> register_gpu(ibv_pd* domain, GpuMemory& memory, const MemoryPlace& place) {
  RegisteredGpu done;
  std::string problem;
  if (const auto buffer = memory.dma_buf()) {
    done.region.reset(
        ibv_reg_dmabuf_mr(domain, 0, memory.size(), memory.address(), *buffer, kAccess));
    done.words = "dma-buf of GPU " + place.gpu;
    if (done.region) return done;
    problem = verbs_failed(errno, "registering a dma-buf of a GPU").value().message;
  } else {
    problem = buffer.error().message;
  }
  const bool described = place.gpus->library() == "fake";
  const std::string module = described ? "description" : peer_memory_module();
  if (module.empty())
    return fail(ErrorCode::unavailable, "memory of GPU " + place.gpu + " cannot be registered: " +
                                            problem + "; no peer memory module is loaded");
  void* const address = reinterpret_cast<void*>(static_cast<std::uintptr_t>(memory.address()));
  done.region.reset(ibv_reg_mr(domain, address, memory.size(), kAccess));
  if (!done.region)
    return fail(ErrorCode::unavailable,
                "memory of GPU " + place.gpu + " cannot be registered: " + problem + "; by " +
                    module + ": " + verbs_failed(errno, "registering it").value().message);
  done.words = "GPU " + place.gpu + " by " + module;
  return done;
}

}  // namespace

Result<RegisteredMemory> RegisteredMemory::make(ibv_pd* domain, std::size_t size,
                                                const MemoryPlace& place) {
  auto placed = place.numa ? on_node(size, *place.numa) : anywhere(size);
  if (!placed) return tl::unexpected(placed.error());
  RegisteredMemory memory;
  memory.owner_ = std::move(placed->owner);
  memory.bytes_ = placed->bytes;
  if (place.gpus != nullptr) {
    auto taken = place.gpus->allocate(place.gpu, Bytes{size});
    if (!taken) return tl::unexpected(taken.error());
    memory.gpu_ = std::move(*taken);
    auto done = register_gpu(domain, *memory.gpu_, place);
    if (!done) return tl::unexpected(done.error());
    memory.region_ = std::move(done->region);
    memory.words_ = std::move(done->words);
    return memory;
  }
  memory.region_.reset(ibv_reg_mr(domain, memory.bytes_.data(), size, kAccess));
  if (!memory.region_) {
    return verbs_failed(errno, "registering " + format_size(Bytes{size}) + " of memory");
  }
  return memory;
}

Status RegisteredMemory::give() const { return gpu_ ? gpu_->give(bytes_) : Status{}; }

Status RegisteredMemory::take() const { return gpu_ ? gpu_->take(bytes_) : Status{}; }

std::uint64_t RegisteredMemory::address(std::size_t at) const {
  if (gpu_) return gpu_->address() + at;
  return reinterpret_cast<std::uintptr_t>(bytes_.data()) + at;
}

}  // namespace plumbline::probes
