#include "collectives/memory/communicator.hpp"

#include <algorithm>

#include "collectives/bus_factor.hpp"
#include "collectives/meeting.hpp"
#include "collectives/reference.hpp"

namespace plumbline::collectives {
namespace {

/// What all ranks of a world see of each other. Written before a barrier, read after it.
struct Shared {
  MemoryWorld world;
  std::vector<HostBuffers> buffers;  ///< by rank
};

std::chrono::nanoseconds nanoseconds_of(Seconds time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(time.value));
}

class MemoryCommunicator final : public MeetingCommunicator {
 public:
  MemoryCommunicator(std::shared_ptr<Shared> shared, std::unique_ptr<Rendezvous> meeting)
      : MeetingCommunicator(*meeting), shared_(std::move(shared)), meeting_(std::move(meeting)) {
    if (!shared_->world.pulses.empty()) pulse_ = shared_->world.pulses[index(rank())];
  }

  Status prepare(const Operation& operation, std::uint64_t seed, int repeats) override {
    mine().prepare(operation, place().rank, place().size, seed_of_group(seed), repeats);
    return {};
  }

  Result<std::vector<Span>> run(const Operation& operation, int repeats, Blocking /*blocking*/,
                                Deadline deadline) override {
    if (shared_->world.silent_rank == rank())
      return fail(ErrorCode::cancelled, "this rank was told to stay away");
    if (auto came = meeting_->allgather("", deadline); !came) return tl::unexpected(came.error());
    std::vector<Span> spans;
    for (int run = 0; run < repeats; ++run) {
      if (auto let = pulse_->enter(); !let) return tl::unexpected(let.error());
      if (auto met = meet_in_run(deadline); !met) return tl::unexpected(met.error());
      work(operation, run);
      corrupt(operation, mine().destination(run));
      pulse_->leave(mine().destination(run));
      spans.push_back(span_of(operation, run));
    }
    // Nobody may prepare the next batch while somebody still reads this one's inputs.
    if (auto done = meeting_->allgather("", deadline); !done) return tl::unexpected(done.error());
    return spans;
  }

  Result<std::optional<Wrong>> verify(const Operation& /*operation*/) override {
    return mine().verify();
  }

  Proof library() const override {
    Proof proof;
    proof.kind = "library";
    proof.source = "memory";
    proof.statement = std::to_string(size()) + " threads of one process, modelled links";
    proof.holds = true;
    return proof;
  }

 private:
  static std::size_t index(int rank) { return static_cast<std::size_t>(rank); }
  HostBuffers& mine() { return shared_->buffers[index(rank())]; }

  /// Only where ranks can stay away from a single run must the others wait for them there.
  Status meet_in_run(Deadline deadline) {
    if (shared_->world.pulses.empty()) return {};
    const auto met = meeting_->allgather("", deadline);
    return met ? Status() : tl::unexpected(met.error());
  }

  /// The input of rank number `member` of this rank's group.
  std::span<const std::byte> input_of(int member) const {
    return shared_->buffers[world_rank(member)].input();
  }

  void work(const Operation& operation, int run) {
    do_operation(
        operation, place().rank, place().size, [this](int member) { return input_of(member); },
        mine().destination(run));
  }

  void corrupt(const Operation& operation, std::span<std::byte> result) {
    const MemoryWorld& world = shared_->world;
    const std::size_t at = world.corrupt_element * size_of(operation.type);
    if (world.corrupting_rank == rank() && at < result.size()) result[at] ^= std::byte{1};
  }

  /// A ring goes as fast as its slowest link, and begins when its last rank is there.
  Span span_of(const Operation& operation, int run) const {
    const MemoryWorld& world = shared_->world;
    const double slowest =
        world.slow_rank ? std::min(world.link.value, world.slow_link.value) : world.link.value;
    const double size = static_cast<double>(moved_size(operation, place().size).count);
    const Seconds work{bus_factor(operation.kind, place().size) * size / slowest};
    const Seconds wait{world.late_rank ? world.lateness.value : 0};
    const Seconds late{world.late_rank == rank() ? world.lateness.value : 0};
    const Moment begin = Moment{} + run * nanoseconds_of({work.value + wait.value});
    return {begin + nanoseconds_of(late), begin + nanoseconds_of({work.value + wait.value})};
  }

  std::shared_ptr<Shared> shared_;
  std::unique_ptr<Rendezvous> meeting_;
  Pulse unwatched_;
  Pulse* pulse_ = &unwatched_;
};

}  // namespace

std::vector<std::unique_ptr<Communicator>> in_memory_communicators(const MemoryWorld& world) {
  auto shared = std::make_shared<Shared>();
  shared->world = world;
  shared->buffers.resize(static_cast<std::size_t>(world.ranks));
  std::vector<std::unique_ptr<Communicator>> ends;
  for (auto& meeting : in_memory_rendezvous(world.ranks))
    ends.push_back(std::make_unique<MemoryCommunicator>(shared, std::move(meeting)));
  return ends;
}

}  // namespace plumbline::collectives
