#include "collectives/mpi/communicator.hpp"

#include <mpi.h>

#include <array>
#include <chrono>

#include "collectives/host_buffers.hpp"
#include "collectives/mpi/settings.hpp"

namespace plumbline::collectives {
namespace {

constexpr std::size_t kMostShared = 64U << 10U;

/// The one check of MPI's return codes.
Status check(int code, const std::string& doing) {
  if (code == MPI_SUCCESS) return {};
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  return fail(ErrorCode::unavailable,
              doing + ": " + std::string(text.data(), static_cast<std::size_t>(length)));
}

MPI_Datatype datatype(ElementType type) {
  switch (type) {
    case ElementType::int32:
      return MPI_INT32_T;
    case ElementType::int64:
      return MPI_INT64_T;
    case ElementType::float32:
      return MPI_FLOAT;
    case ElementType::float64:
      return MPI_DOUBLE;
  }
  return MPI_DOUBLE;
}

MPI_Op reduction(Reduction kind) {
  switch (kind) {
    case Reduction::sum:
      return MPI_SUM;
    case Reduction::min:
      return MPI_MIN;
    case Reduction::max:
      return MPI_MAX;
  }
  return MPI_SUM;
}

class MpiCommunicator final : public Communicator {
 public:
  MpiCommunicator() {
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
  }

  ~MpiCommunicator() override {
    if (batch_ != MPI_COMM_NULL) MPI_Comm_free(&batch_);
    MPI_Finalize();
  }

  MpiCommunicator(const MpiCommunicator&) = delete;
  MpiCommunicator& operator=(const MpiCommunicator&) = delete;

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  Status prepare(const Operation& operation, std::uint64_t seed, int repeats) override {
    buffers_.prepare(operation, rank_, size_, seed, repeats);
    if (batch_ != MPI_COMM_NULL) MPI_Comm_free(&batch_);
    if (auto made = check(MPI_Comm_dup(MPI_COMM_WORLD, &batch_), "MPI_Comm_dup"); !made)
      return made;
    MPI_Comm_set_errhandler(batch_, MPI_ERRORS_RETURN);
    return {};
  }

  Result<std::vector<Seconds>> run(const Operation& operation, int repeats,
                                   Deadline deadline) override {
    std::vector<Seconds> times;
    times.reserve(static_cast<std::size_t>(repeats));
    if (auto met = check(MPI_Barrier(batch_), "MPI_Barrier"); !met)
      return tl::unexpected(met.error());
    Moment before = std::chrono::steady_clock::now();
    for (int run = 0; run < repeats; ++run) {
      if (deadline.passed()) return fail(ErrorCode::deadline_exceeded, "the time allowed is spent");
      if (auto done = all_reduce(operation, run); !done) return tl::unexpected(done.error());
      const Moment now = std::chrono::steady_clock::now();
      times.push_back(in_seconds(now - before));
      before = now;
    }
    return times;
  }

  Result<std::optional<std::string>> verify(const Operation& operation) override {
    return buffers_.verify(operation);
  }

  Result<std::vector<std::string>> share(std::string bytes, Deadline deadline) override {
    if (bytes.size() > kMostShared)
      return fail(ErrorCode::invalid_input, "a shared message is over 64 KiB");
    if (deadline.passed()) return fail(ErrorCode::deadline_exceeded, "the time allowed is spent");
    const int mine = static_cast<int>(bytes.size());
    std::vector<int> lengths(static_cast<std::size_t>(size_));
    auto gathered =
        check(MPI_Allgather(&mine, 1, MPI_INT, lengths.data(), 1, MPI_INT, MPI_COMM_WORLD),
              "MPI_Allgather");
    if (!gathered) return tl::unexpected(gathered.error());
    return gather_texts(bytes, lengths);
  }

  Proof library() const override { return library_word(size_); }

 private:
  Status all_reduce(const Operation& operation, int run) {
    const std::span<std::byte> destination = buffers_.destination(run);
    const int count = static_cast<int>(elements(operation));
    return check(MPI_Allreduce(buffers_.input().data(), destination.data(), count,
                               datatype(operation.type), reduction(operation.reduction), batch_),
                 "MPI_Allreduce");
  }

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
        check(MPI_Allgatherv(mine.data(), static_cast<int>(mine.size()), MPI_CHAR, all.data(),
                             lengths.data(), offsets.data(), MPI_CHAR, MPI_COMM_WORLD),
              "MPI_Allgatherv");
    if (!gathered) return tl::unexpected(gathered.error());
    std::vector<std::string> texts;
    for (std::size_t rank = 0; rank < lengths.size(); ++rank)
      texts.push_back(all.substr(static_cast<std::size_t>(offsets[rank]),
                                 static_cast<std::size_t>(lengths[rank])));
    return texts;
  }

  int rank_ = 0;
  int size_ = 1;
  MPI_Comm batch_ = MPI_COMM_NULL;  ///< one a batch, so that no batch matches another's messages
  HostBuffers buffers_;
};

}  // namespace

Result<std::unique_ptr<Communicator>> open_mpi() {
  int given = 0;
  const int code = MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &given);
  if (auto begun = check(code, "MPI_Init_thread"); !begun) return tl::unexpected(begun.error());
  if (given < MPI_THREAD_FUNNELED)
    return fail(ErrorCode::unavailable, "MPI allows no thread beside its own");
  return std::make_unique<MpiCommunicator>();
}

}  // namespace plumbline::collectives
