#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <string>

#include "core/model/measurement.hpp"

namespace plumbline::collectives {

/// What NCCL's proxy, which moves what no GPU can move alone, waits for in one step of a transfer.
enum class StepWait : std::size_t {
  none,
  own_gpu,   ///< a send: the GPU has not given the data yet
  credit,    ///< a send: the other end has no room yet
  network,   ///< a send: handed to the network, not gone yet
  data,      ///< a receive: nothing has come yet
  flush,     ///< a receive: it came, and is made visible
  consumer,  ///< a receive: it came, and the GPU has not taken it yet
  count
};
inline constexpr std::size_t kWaits = static_cast<std::size_t>(StepWait::count);

/// NCCL's algorithms and protocols by its own numbers (src/include/nccl_common.h).
inline constexpr std::array<const char*, 7> kAlgorithms{
    "TREE", "RING", "COLLNET_DIRECT", "COLLNET_CHAIN", "NVLS", "NVLS_TREE", "PAT"};
inline constexpr std::array<const char*, 3> kProtocols{"LL", "LL128", "SIMPLE"};
inline constexpr std::size_t kNics = 16;

/// What the profiler counted, all since the process began.
template <typename Number, typename Signed>
struct StepNumbers {
  Number communicators;
  Number collectives;
  Number exchanges;  ///< sends and receives that were called for
  Number sends;      ///< steps of the proxy that ended
  Number receives;
  Number sent;  ///< bytes of these steps
  Number received;
  Number ib_requests;  ///< work requests of NCCL's own InfiniBand and RoCE transport
  Number socket_calls;
  Number socket_bytes;
  Number other_network;                 ///< events of another network's plugin
  Number dropped;                       ///< events beyond what is followed at a time
  std::array<Number, kNics> nic_bytes;  ///< of work requests, by NCCL's number of the device
  std::array<std::array<Number, kProtocols.size()>, kAlgorithms.size()> chosen;
  std::array<Number, kWaits> waited;  ///< ns
  std::array<Signed, kWaits> open;    ///< steps that wait so now
  Signed sends_to;                    ///< the rank that a step was handed to the network for last
};

/// A look at it.
using StepCounts = StepNumbers<std::uint64_t, std::int64_t>;

/// The same in memory that plumbline-rank shares with the library that NCCL loads.
struct StepBlock : StepNumbers<std::atomic<std::uint64_t>, std::atomic<std::int64_t>> {
  std::atomic<std::uint32_t> version;  ///< kStepVersion
};
inline constexpr std::uint32_t kStepVersion = 1;
/// The environment variables that name the memory's file to the library, and the library to NCCL.
inline constexpr const char* kStepVariable = "PLUMBLINE_NCCL_STEPS";
inline constexpr const char* kStepLibrary = "NCCL_PROFILER_PLUGIN";

/// The memory, and the settings that make NCCL load the library. One for a process.
class StepMemory {
 public:
  /// Makes the memory for `library`. `set` is what somebody has set kStepLibrary to: another
  /// profiler stays. Then, and without that file, nothing is ever counted.
  StepMemory(const std::string& library, const std::string& set);
  ~StepMemory();
  StepMemory(const StepMemory&) = delete;
  StepMemory& operator=(const StepMemory&) = delete;
  /// What the environment must hold before NCCL begins, name and value; empty when nothing is
  /// counted.
  std::map<std::string, std::string> settings() const;
  /// All counts now; any thread.
  StepCounts look() const;
  /// Why nothing is counted; empty when NCCL was told to load the library.
  const std::string& problem() const { return problem_; }

 private:
  int descriptor_ = -1;
  StepBlock* block_ = nullptr;
  std::string library_;
  std::string problem_;
};

/// What happened between two looks; what is open, as the later one has it. Pure.
StepCounts steps_between(const StepCounts& before, const StepCounts& after);

/// "24 collectives (RING/SIMPLE 24), 96 steps sent 1.2 GB, ...": for a proof.
std::string step_words(const StepCounts& counts);

/// How the open steps stand, for a rank's last words: "; steps untaken 2 unsent 3 to 5 waiting 7".
/// Untaken came and the GPU does not take them; unsent were handed to the network, the last one for
/// that rank; waiting are for another rank's data or room. Empty when nothing was ever counted.
/// agent/collective/hang.hpp reads it.
std::string standing_words(const StepCounts& counts);

/// The sign of kind "profiler": what NCCL's own events told of one measurement on a rank. It holds
/// when NCCL told anything, and where there is but one rank, which needs no step.
Proof prove_steps(const StepCounts& during, const std::string& problem, const Endpoint& at,
                  int ranks);

/// How long the proxy waited for other ranks (their data, their room), in seconds.
double patience_of(const StepCounts& counts);

}  // namespace plumbline::collectives
