#include "probes/gpu/room.hpp"

#include <algorithm>
#include <sstream>

namespace plumbline::probes {

namespace {

constexpr std::uint64_t kRegionLeast = 64ULL << 20U;
constexpr std::uint64_t kMarginLeast = 512ULL << 20U;
constexpr std::uint64_t kLargest = 256ULL << 20U;
constexpr std::uint64_t kSmallest = 4096;

std::uint64_t less(std::uint64_t one, std::uint64_t other) { return one > other ? one - other : 0; }

Result<std::uint64_t> available(const FileTree& root) {
  const auto text = root.read("proc/meminfo");
  if (!text) return tl::unexpected(text.error());
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name;
    std::uint64_t kibibytes = 0;
    if (words >> name >> kibibytes && name == "MemAvailable:") return kibibytes << 10U;
  }
  return fail(ErrorCode::not_found, "/proc/meminfo has no MemAvailable");
}

bool same_place(const GpuPlace& one, const GpuPlace& other) {
  return one.on_host() ? other.on_host() : one.gpu == other.gpu;
}

}  // namespace

Bytes region_of(Bytes message) {
  if (message.count == 0 || message.count >= kRegionLeast) return message;
  const std::uint64_t slots =
      std::min<std::uint64_t>(kRegionLeast / message.count, GpuMachine::kMostRepeats);
  return Bytes{message.count * slots};
}

Bytes gpu_room(Bytes free, Bytes all) {
  return Bytes{less(free.count, std::max(kMarginLeast, all.count / 20))};
}

Result<Bytes> host_room(const FileTree& root) {
  const auto free = available(root);
  if (!free) return pass_up(free.error(), "asking for the host's free memory");
  std::uint64_t room = *free / 16;
  // Absent in a cgroup of version 1 and at the root of version 2; "max" is no number either.
  const auto most = root.read_integer("sys/fs/cgroup/memory.max");
  const auto used = root.read_integer("sys/fs/cgroup/memory.current");
  if (most && used && *most > 0 && *used >= 0) {
    const auto left = less(static_cast<std::uint64_t>(*most), static_cast<std::uint64_t>(*used));
    room = std::min(room, left / 4);
  }
  return Bytes{room};
}

Bytes needed_at(const GpuCase& one, const GpuPlace& place, Bytes message) {
  std::uint64_t count = 0;
  for (const GpuStream& stream : one.streams) {
    if (same_place(stream.from, place)) ++count;
    if (same_place(stream.to, place)) ++count;
  }
  return Bytes{count * region_of(message).count};
}

Bytes default_message(Bytes room, std::uint64_t regions) {
  std::uint64_t size = kLargest;
  while (size >= kSmallest &&
         region_of(Bytes{size}).count * std::max<std::uint64_t>(regions, 1) > room.count) {
    size /= 2;
  }
  return Bytes{size >= kSmallest ? size : 0};
}

}  // namespace plumbline::probes
