#include "agent/command/nvidia.hpp"

namespace plumbline::agent {
namespace {

constexpr std::int64_t kNvidia = 0x10de;
constexpr std::int64_t kVga = 0x0300;    ///< VGA controller
constexpr std::int64_t kGpu3d = 0x0302;  ///< 3D controller: data-centre GPUs

}  // namespace

std::size_t count_nvidia_gpus(const FileTree& root) {
  const std::string devices = "sys/bus/pci/devices";
  const auto names = root.list(devices);
  if (!names) return 0;
  std::size_t count = 0;
  for (const auto& name : *names) {
    const auto vendor = root.read_integer(devices + "/" + name + "/vendor");
    const auto kind = root.read_integer(devices + "/" + name + "/class");
    if (!vendor || !kind || *vendor != kNvidia) continue;
    if (*kind >> 8 == kVga || *kind >> 8 == kGpu3d) ++count;
  }
  return count;
}

}  // namespace plumbline::agent
