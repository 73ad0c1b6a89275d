#include "collectives/memory/communicator.hpp"

#include <algorithm>
#include <cstring>

#include "collectives/host_buffers.hpp"
#include "collectives/plan.hpp"
#include "core/rendezvous.hpp"

namespace plumbline::collectives {
namespace {

/// What all ranks of a world see of each other. Written before a barrier, read after it.
struct Shared {
  MemoryWorld world;
  std::vector<HostBuffers> buffers;  ///< by rank
};

template <typename T>
void reduce_into(std::span<std::byte> into, std::span<const std::byte> from, Reduction reduction) {
  for (std::size_t at = 0; at + sizeof(T) <= into.size(); at += sizeof(T)) {
    T mine{};
    T other{};
    std::memcpy(&mine, into.data() + at, sizeof(T));
    std::memcpy(&other, from.data() + at, sizeof(T));
    if (reduction == Reduction::sum) mine = static_cast<T>(mine + other);
    if (reduction == Reduction::min) mine = std::min(mine, other);
    if (reduction == Reduction::max) mine = std::max(mine, other);
    std::memcpy(into.data() + at, &mine, sizeof(T));
  }
}

void reduce_into(const Operation& operation, std::span<std::byte> into,
                 std::span<const std::byte> from) {
  switch (operation.type) {
    case ElementType::int32:
      return reduce_into<std::int32_t>(into, from, operation.reduction);
    case ElementType::int64:
      return reduce_into<std::int64_t>(into, from, operation.reduction);
    case ElementType::float32:
      return reduce_into<float>(into, from, operation.reduction);
    case ElementType::float64:
      return reduce_into<double>(into, from, operation.reduction);
  }
}

class MemoryCommunicator final : public Communicator {
 public:
  MemoryCommunicator(std::shared_ptr<Shared> shared, std::unique_ptr<Rendezvous> meeting)
      : shared_(std::move(shared)), meeting_(std::move(meeting)) {}

  int rank() const override { return meeting_->rank(); }
  int size() const override { return meeting_->size(); }

  Status prepare(const Operation& operation, std::uint64_t seed, int repeats) override {
    mine().prepare(operation, rank(), size(), seed, repeats);
    return {};
  }

  Result<std::vector<Seconds>> run(const Operation& operation, int repeats,
                                   Deadline deadline) override {
    if (shared_->world.silent_rank == rank())
      return fail(ErrorCode::cancelled, "this rank was told to stay away");
    if (auto came = meeting_->allgather("", deadline); !came) return tl::unexpected(came.error());
    for (int run = 0; run < repeats; ++run)
      reduce(operation, mine().destination(run));
    // Nobody may prepare the next batch while somebody still reads this one's inputs.
    if (auto done = meeting_->allgather("", deadline); !done) return tl::unexpected(done.error());
    return std::vector<Seconds>(static_cast<std::size_t>(repeats), time_of(operation));
  }

  Result<std::optional<std::string>> verify(const Operation& operation) override {
    return mine().verify(operation);
  }

  Result<std::vector<std::string>> share(std::string bytes, Deadline deadline) override {
    return meeting_->allgather(std::move(bytes), deadline);
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
  HostBuffers& mine() { return shared_->buffers[static_cast<std::size_t>(rank())]; }

  void reduce(const Operation& operation, std::span<std::byte> destination) {
    const std::span<const std::byte> first = shared_->buffers[0].input();
    std::copy(first.begin(), first.end(), destination.begin());
    for (std::size_t other = 1; other < shared_->buffers.size(); ++other)
      reduce_into(operation, destination, shared_->buffers[other].input());
    if (shared_->world.corrupting_rank == rank())
      destination[shared_->world.corrupt_element * size_of(operation.type)] ^= std::byte{1};
  }

  /// A ring goes as fast as its slowest link, for everybody.
  Seconds time_of(const Operation& operation) const {
    const MemoryWorld& world = shared_->world;
    const double slowest =
        world.slow_rank ? std::min(world.link.value, world.slow_link.value) : world.link.value;
    const double ends = size();
    return {2 * (ends - 1) / ends * static_cast<double>(operation.bytes.count) / slowest};
  }

  std::shared_ptr<Shared> shared_;
  std::unique_ptr<Rendezvous> meeting_;
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
