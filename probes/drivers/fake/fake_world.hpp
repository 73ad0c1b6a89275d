#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "probes/drivers/fake/fake_gpu_node.hpp"
#include "probes/gpu/gpu_machine.hpp"

namespace plumbline::probes {

/// What the machine and its instruments share: the description and what was counted.
struct FakeWorld {
  FakeGpuNode node;
  std::map<std::string, GpuCounters> counted;
  std::map<std::string, std::uint64_t> taken;  ///< bytes of a GPU that regions hold
  std::map<std::string, std::string> shared;   ///< GPU -> what of it another process writes into
  std::uint64_t draws = 0;                     ///< how often noise was drawn
  std::mutex opening;                          ///< of `opened`: instruments ask from any thread
  std::set<std::string> opened;                ///< GPUs that this process has a context on
};

/// The number in the file of the GPU that a UUID, or its slice's, means; -1 for none.
int fake_index(const FakeGpuNode& node, const std::string& uuid);

/// True when the bytes of this order go over NVLink.
bool over_nvlink(const FakeGpuNode& node, const CopyOrder& order);

/// What each of these streams reaches while they run together: the least share of any part that it
/// uses. Noise of a few tenths of a percent is in it.
std::vector<BytesPerSecond> fake_rates(FakeWorld& world, const std::vector<CopyOrder>& orders);

/// The fault of a kind on the way of an order; null for none.
const FakeFault* fault_on(const FakeGpuNode& node, const std::string& kind, const CopyOrder& order);

/// A factor around 1, by at most `width` either way; the same sequence every time.
double fake_noise(FakeWorld& world, double width);

}  // namespace plumbline::probes
