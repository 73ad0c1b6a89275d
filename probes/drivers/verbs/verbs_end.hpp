#pragma once

#include <memory>
#include <vector>

#include "probes/drivers/verbs/control_lane.hpp"
#include "probes/pair/rdma_path.hpp"

namespace plumbline::probes {

/// Everything of one end of a batch: memory, queues, queue pairs.
struct VerbsEnd {
  std::shared_ptr<GpuMemories> gpus;  ///< null: host memory
  std::shared_ptr<VerbsPort> port;
  RdmaWork work;
  std::uint64_t slots = 2;       ///< messages that the destination holds
  std::size_t stride = 64;       ///< bytes from one of its messages to the next
  RegisteredMemory source;       ///< the pattern, whole: any message is a piece of it
  RegisteredMemory destination;  ///< poisoned before a message arrives
  Completions sends;
  Completions receives;
  std::vector<QueuePair> lanes;  ///< message i goes over lane i % lanes
  ControlLane control;
  EndWords other;  ///< valid once connected

  /// Makes one on a port; with memory of `work.gpu`, a PCI address of one of `gpus`, when that is
  /// not empty. The error names what could not be made.
  static Result<VerbsEnd> make(std::shared_ptr<VerbsPort> port, const RdmaWork& work,
                               std::shared_ptr<GpuMemories> gpus);
  EndWords words() const;
  Status connect(const EndWords& peer);
  /// Where message `sequence` lies in the destination.
  std::span<std::byte> slot(std::uint64_t sequence) const;
  /// The pattern's bytes into the source.
  Status fill(const Pattern& pattern);
  /// Compares `count` messages from `first` on with the pattern, and that the slot behind them is
  /// still poisoned, then poisons them again. The error names the byte.
  Status verify(const Pattern& pattern, std::uint64_t first, std::uint64_t count);
};

/// Bytes from the pattern's message 0 on that hold every message of a size.
std::size_t source_bytes(std::size_t message_size);

/// Where message `sequence` begins in the source.
std::size_t source_offset(std::uint64_t sequence);

/// The two ends of a stream and of a latency, see RdmaHalf.
HalfResult request_stream(VerbsEnd& end, const BatchPlan& plan, const Clock& clock,
                          Deadline deadline);
HalfResult serve_stream(VerbsEnd& end, const BatchPlan& plan, Deadline deadline);
HalfResult ping_verbs(VerbsEnd& end, const BatchPlan& plan, const Clock& clock, Deadline deadline);
HalfResult pong_verbs(VerbsEnd& end, const BatchPlan& plan, Deadline deadline);

}  // namespace plumbline::probes
