#include "probes/drivers/verbs/memory.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <cstdint>

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

}  // namespace

Result<RegisteredMemory> RegisteredMemory::make(ibv_pd* domain, std::size_t size,
                                                std::optional<int> numa) {
  auto placed = numa ? on_node(size, *numa) : anywhere(size);
  if (!placed) return tl::unexpected(placed.error());
  RegisteredMemory memory;
  memory.owner_ = std::move(placed->owner);
  memory.bytes_ = placed->bytes;
  const int access = IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ;
  memory.region_.reset(ibv_reg_mr(domain, memory.bytes_.data(), size, access));
  if (!memory.region_) {
    return verbs_failed(errno, "registering " + format_size(Bytes{size}) + " of memory");
  }
  return memory;
}

std::uint64_t RegisteredMemory::address(std::size_t at) const {
  return reinterpret_cast<std::uintptr_t>(bytes_.data()) + at;
}

}  // namespace plumbline::probes
