#include "probes/drivers/verbs/gpu_place.hpp"

#include <algorithm>

namespace plumbline::probes {
namespace {

std::filesystem::path place_of(const FileTree& root, const std::string& address) {
  const auto place = root.resolve("sys/bus/pci/devices/" + address);
  return place ? *place : std::filesystem::path{};
}

std::size_t shared(const std::filesystem::path& one, const std::filesystem::path& other) {
  const auto [at, unused] = std::mismatch(one.begin(), one.end(), other.begin(), other.end());
  return static_cast<std::size_t>(std::distance(one.begin(), at));
}

}  // namespace

std::string nearest_gpu(const FileTree& root, const std::string& near,
                        const std::vector<std::string>& addresses) {
  const auto here = place_of(root, near);
  std::string best;
  std::size_t most = 0;
  for (const std::string& address : addresses) {
    const std::size_t common = shared(here, place_of(root, address));
    if (!best.empty() && common <= most) continue;
    best = address;
    most = common;
  }
  return best;
}

}  // namespace plumbline::probes
