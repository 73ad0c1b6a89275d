#include "collectives/mpi/communicator.hpp"

#include <mpi.h>
#if defined(OPEN_MPI)
#include <mpi-ext.h>
#endif

#include <chrono>

#include "collectives/host_buffers.hpp"
#include "collectives/mpi/check.hpp"
#include "collectives/mpi/gpu_memory.hpp"
#include "collectives/mpi/runs.hpp"
#include "collectives/mpi/settings.hpp"

namespace plumbline::collectives {
namespace {

constexpr std::size_t kMostShared = 64U << 10U;

/// Counts one call in which this rank waits for the others.
class Waiting {
 public:
  explicit Waiting(Pulse& pulse) : pulse_(pulse) { pulse_.begin(); }
  ~Waiting() { pulse_.end(); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  Pulse& pulse_;
};

class MpiCommunicator final : public Communicator {
 public:
  MpiCommunicator(Pulse& pulse, std::unique_ptr<GpuMemory> gpu)
      : pulse_(pulse), gpu_(std::move(gpu)) {
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
    place_ = place_in({}, rank_, size_);
  }

  ~MpiCommunicator() override {
    kinds_.reset();
    if (batch_ != MPI_COMM_NULL) MPI_Comm_free(&batch_);
    gpu_.reset();
    MPI_Finalize();
  }

  MpiCommunicator(const MpiCommunicator&) = delete;
  MpiCommunicator& operator=(const MpiCommunicator&) = delete;

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  std::optional<std::string> cannot(const Operation& operation) const override {
    return gpu_ == nullptr ? std::nullopt : cannot_on_gpu(operation);
  }

  Status split(const std::vector<int>& colours) override {
    place_ = place_in(colours, rank_, size_);
    return {};
  }

  Status prepare(const Operation& operation, std::uint64_t seed, int repeats) override {
    kind_ = operation.kind;
    const auto mixed = seed + static_cast<std::uint64_t>(place_.colour);
    buffers_.prepare(operation, place_.rank, place_.size, mixed, repeats);
    kinds_.reset();
    auto kinds = MpiKinds::of(operation.type, operation.reduction);
    if (!kinds) return tl::unexpected(kinds.error());
    kinds_.emplace(std::move(*kinds));
    if (auto there = gpu_ ? gpu_->fill(buffers_) : Status(); !there) return there;
    if (batch_ != MPI_COMM_NULL) MPI_Comm_free(&batch_);
    const Waiting waiting(pulse_);
    if (auto made = check_mpi(MPI_Comm_split(MPI_COMM_WORLD, place_.colour, rank_, &batch_),
                              "MPI_Comm_split");
        !made)
      return made;
    MPI_Comm_set_errhandler(batch_, MPI_ERRORS_RETURN);
    return {};
  }

  Result<std::vector<Span>> run(const Operation& operation, int repeats, Blocking blocking,
                                Deadline deadline) override {
    std::vector<Span> spans;
    spans.reserve(static_cast<std::size_t>(repeats));
    if (auto met = meet(); !met) return tl::unexpected(met.error());
    const MpiPlace place{batch_, place_.rank, place_.size};
    for (int run = 0; run < repeats; ++run) {
      if (deadline.passed()) return fail(ErrorCode::deadline_exceeded, "the time allowed is spent");
      if (auto let = pulse_.enter(); !let) return tl::unexpected(let.error());
      Span span{std::chrono::steady_clock::now(), {}};
      auto done = run_once(operation, place, *kinds_, buffers_, run, gpu_.get());
      if (done && blocking == Blocking::with_barrier) done = barrier(batch_);
      span.left = std::chrono::steady_clock::now();
      if (done && blocking == Blocking::before_barrier) done = barrier(batch_);
      if (!done) return tl::unexpected(done.error());
      pulse_.leave(buffers_.destination(run));
      spans.push_back(span);
    }
    return spans;
  }

  Result<std::optional<Wrong>> verify(const Operation& /*operation*/) override {
    if (auto back = gpu_ ? gpu_->fetch(buffers_) : Status(); !back)
      return tl::unexpected(back.error());
    return buffers_.verify();
  }

  Result<std::vector<std::string>> share(std::string bytes, Deadline deadline) override {
    if (bytes.size() > kMostShared)
      return fail(ErrorCode::invalid_input, "a shared message is over 64 KiB");
    if (deadline.passed()) return fail(ErrorCode::deadline_exceeded, "the time allowed is spent");
    const Waiting waiting(pulse_);
    const int mine = static_cast<int>(bytes.size());
    std::vector<int> lengths(static_cast<std::size_t>(size_));
    auto gathered =
        check_mpi(MPI_Allgather(&mine, 1, MPI_INT, lengths.data(), 1, MPI_INT, MPI_COMM_WORLD),
                  "MPI_Allgather");
    if (!gathered) return tl::unexpected(gathered.error());
    return gather_texts(bytes, lengths);
  }

  Proof library() const override {
    Proof proof = library_word(size_, kind_);
    if (gpu_) proof.statement += ", in the memory of " + gpu_->name();
    return proof;
  }

 private:
  Status meet() {
    const Waiting waiting(pulse_);
    return barrier(MPI_COMM_WORLD);
  }

  static Status barrier(MPI_Comm group) { return check_mpi(MPI_Barrier(group), "MPI_Barrier"); }

  Result<std::vector<std::string>> gather_texts(const std::string& mine,
                                                const std::vector<int>& lengths) {
    std::vector<int> offsets;
    int total = 0;
    for (const int length : lengths) {
      offsets.push_back(total);
      total += length;
    }
    std::string all(static_cast<std::size_t>(total), '\0');
    auto gathered =
        check_mpi(MPI_Allgatherv(mine.data(), static_cast<int>(mine.size()), MPI_CHAR, all.data(),
                                 lengths.data(), offsets.data(), MPI_CHAR, MPI_COMM_WORLD),
                  "MPI_Allgatherv");
    if (!gathered) return tl::unexpected(gathered.error());
    std::vector<std::string> texts;
    for (std::size_t rank = 0; rank < lengths.size(); ++rank)
      texts.push_back(all.substr(static_cast<std::size_t>(offsets[rank]),
                                 static_cast<std::size_t>(lengths[rank])));
    return texts;
  }

  Pulse& pulse_;
  int rank_ = 0;
  int size_ = 1;
  GroupPlace place_;
  OperationKind kind_ = OperationKind::all_reduce;  ///< of the last batch
  MPI_Comm batch_ = MPI_COMM_NULL;  ///< one a batch, so that no batch matches another's messages
  std::optional<MpiKinds> kinds_;
  HostBuffers buffers_;
  std::unique_ptr<GpuMemory> gpu_;  ///< null: host memory
};

/// What the library says of itself; an MPI without that question does not reach GPU memory.
bool cuda_aware() {
#if defined(MPIX_CUDA_AWARE_SUPPORT)
  return MPIX_Query_cuda_support() == 1;
#else
  return false;
#endif
}

Result<std::unique_ptr<GpuMemory>> gpu_memory(const MpiMemory& memory) {
  if (memory.driver.empty() && !cuda_aware())
    return fail(ErrorCode::unavailable,
                "this MPI does not reach GPU memory: it is not CUDA-aware "
                "(MPIX_Query_cuda_support)");
  return GpuMemory::open(memory.driver, memory.device);
}

}  // namespace

Result<std::unique_ptr<Communicator>> open_mpi(Pulse& pulse, const MpiMemory& memory) {
  int given = 0;
  const int code = MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &given);
  if (auto begun = check_mpi(code, "MPI_Init_thread"); !begun) return tl::unexpected(begun.error());
  if (given < MPI_THREAD_FUNNELED)
    return fail(ErrorCode::unavailable, "MPI allows no thread beside its own");
  std::unique_ptr<GpuMemory> gpu;
  if (memory.gpu) {
    auto opened = gpu_memory(memory);
    int missing = opened ? 0 : 1;  // what one rank lacks, none goes on without
    MPI_Allreduce(MPI_IN_PLACE, &missing, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    if (missing > 0) MPI_Finalize();
    if (!opened) return tl::unexpected(opened.error());
    if (missing > 0) return fail(ErrorCode::unavailable, "another rank has no GPU memory");
    gpu = std::move(*opened);
  }
  return std::make_unique<MpiCommunicator>(pulse, std::move(gpu));
}

}  // namespace plumbline::collectives
