#include "collectives/mpi/runs.hpp"

#include <array>
#include <cstring>

#include "collectives/element.hpp"
#include "collectives/mpi/check.hpp"

namespace plumbline::collectives {

Status check_mpi(int code, const std::string& called) {
  if (code == MPI_SUCCESS) return {};
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  return fail(ErrorCode::unavailable,
              called + ": " + std::string(text.data(), static_cast<std::size_t>(length)));
}

namespace {

constexpr int kTag = 7;

/// One run's arguments, in MPI's words.
struct Call {
  const Operation& operation;
  const MpiPlace& place;
  MPI_Datatype type;
  MPI_Op reduction;
  int count;                   ///< elements of a block, or of the whole
  std::span<std::byte> from;   ///< this rank's input
  std::span<std::byte> into;   ///< its result
  std::span<std::byte> whole;  ///< in place, the buffer that holds both
  const GpuMemory* gpu;        ///< where these lie; null: the host's memory

  bool in_place() const { return operation.in_place; }
  bool root() const { return place.rank == operation.root; }
  std::size_t block() const { return static_cast<std::size_t>(count) * size_of(operation.type); }
  /// Copies where the data lies.
  Status copy(std::byte* to, std::span<const std::byte> data) const {
    if (gpu != nullptr) return gpu->copy({to, data.size()}, data);
    if (!data.empty()) std::memcpy(to, data.data(), data.size());
    return {};
  }
};

Status all_reduce(const Call& call) {
  const void* const from = call.in_place() ? MPI_IN_PLACE : call.from.data();
  return check_mpi(MPI_Allreduce(from, call.into.data(), call.count, call.type, call.reduction,
                                 call.place.group),
                   "MPI_Allreduce");
}

Status reduce(const Call& call) {
  const bool in_place = call.in_place() && call.root();
  const void* const from = in_place ? MPI_IN_PLACE : call.from.data();
  void* const into = call.root() ? call.into.data() : nullptr;
  return check_mpi(MPI_Reduce(from, into, call.count, call.type, call.reduction,
                              call.operation.root, call.place.group),
                   "MPI_Reduce");
}

Status reduce_scatter(const Call& call) {
  const void* const from = call.in_place() ? MPI_IN_PLACE : call.from.data();
  void* const into = call.in_place() ? call.whole.data() : call.into.data();
  // Not MPI_Reduce_scatter_block: Open MPI has no ring for that.
  const std::vector<int> counts(static_cast<std::size_t>(call.place.size), call.count);
  auto done = check_mpi(
      MPI_Reduce_scatter(from, into, counts.data(), call.type, call.reduction, call.place.group),
      "MPI_Reduce_scatter");
  if (done && call.in_place() && call.place.rank > 0)
    done = call.copy(call.into.data(), call.whole.first(call.into.size()));
  return done;
}

Status all_gather(const Call& call) {
  const void* const from = call.in_place() ? MPI_IN_PLACE : call.from.data();
  return check_mpi(MPI_Allgather(from, call.count, call.type, call.into.data(), call.count,
                                 call.type, call.place.group),
                   "MPI_Allgather");
}

Status all_to_all(const Call& call) {
  const void* const from = call.in_place() ? MPI_IN_PLACE : call.from.data();
  return check_mpi(MPI_Alltoall(from, call.count, call.type, call.into.data(), call.count,
                                call.type, call.place.group),
                   "MPI_Alltoall");
}

Status gather(const Call& call) {
  const bool in_place = call.in_place() && call.root();
  const void* const from = in_place ? MPI_IN_PLACE : call.from.data();
  return check_mpi(MPI_Gather(from, call.count, call.type, call.into.data(), call.count, call.type,
                              call.operation.root, call.place.group),
                   "MPI_Gather");
}

Status scatter(const Call& call) {
  const bool in_place = call.in_place() && call.root();
  void* const into = in_place ? MPI_IN_PLACE : call.into.data();
  return check_mpi(MPI_Scatter(call.from.data(), call.count, call.type, into, call.count, call.type,
                               call.operation.root, call.place.group),
                   "MPI_Scatter");
}

Status broadcast(const Call& call) {
  if (!call.in_place() && call.root()) {
    auto done = call.copy(call.into.data(), call.from.first(call.into.size()));
    if (!done) return done;
  }
  return check_mpi(
      MPI_Bcast(call.into.data(), call.count, call.type, call.operation.root, call.place.group),
      "MPI_Bcast");
}

Status send_receive(const Call& call) {
  const int next = (call.place.rank + 1) % call.place.size;
  const int before = (call.place.rank + call.place.size - 1) % call.place.size;
  if (call.in_place())
    return check_mpi(MPI_Sendrecv_replace(call.into.data(), call.count, call.type, next, kTag,
                                          before, kTag, call.place.group, MPI_STATUS_IGNORE),
                     "MPI_Sendrecv_replace");
  return check_mpi(
      MPI_Sendrecv(call.from.data(), call.count, call.type, next, kTag, call.into.data(),
                   call.count, call.type, before, kTag, call.place.group, MPI_STATUS_IGNORE),
      "MPI_Sendrecv");
}

/// An all-gather in log2(n) rounds, each with one partner and twice as many blocks.
Status hypercube(const Call& call) {
  const auto at = [&](int block) {
    return call.into.data() + static_cast<std::size_t>(block) * call.block();
  };
  if (!call.in_place() && !call.from.empty()) {
    auto done = call.copy(at(call.place.rank), call.from.first(call.block()));
    if (!done) return done;
  }
  for (int step = 1; step < call.place.size; step *= 2) {
    const int mine = call.place.rank / step * step;
    const int partner = call.place.rank ^ step;
    auto done = check_mpi(MPI_Sendrecv(at(mine), call.count * step, call.type, partner, kTag,
                                       at(mine ^ step), call.count * step, call.type, partner, kTag,
                                       call.place.group, MPI_STATUS_IGNORE),
                          "MPI_Sendrecv");
    if (!done) return done;
  }
  return {};
}

Status dispatch(const Call& call) {
  switch (call.operation.kind) {
    case OperationKind::all_reduce:
      return all_reduce(call);
    case OperationKind::reduce:
      return reduce(call);
    case OperationKind::reduce_scatter:
      return reduce_scatter(call);
    case OperationKind::all_gather:
      return all_gather(call);
    case OperationKind::all_to_all:
      return all_to_all(call);
    case OperationKind::gather:
      return gather(call);
    case OperationKind::scatter:
      return scatter(call);
    case OperationKind::broadcast:
      return broadcast(call);
    case OperationKind::send_receive:
      return send_receive(call);
    case OperationKind::hypercube:
      return hypercube(call);
  }
  return fail(ErrorCode::internal, "no such operation");
}

}  // namespace

std::optional<std::string> cannot_on_gpu(const Operation& operation) {
  if (!reduces(operation.kind)) return std::nullopt;
  const bool own =
      operation.type == ElementType::float16 || operation.type == ElementType::bfloat16 ||
      operation.type == ElementType::float8_e4m3 || operation.type == ElementType::float8_e5m2;
  if (own)
    return std::string("MPI has no type for ") + to_string(operation.type) +
           ", and the processor's reduction of it does not reach GPU memory";
  if (operation.reduction == Reduction::average || operation.reduction == Reduction::scaled_sum)
    return std::string("MPI has no ") + to_string(operation.reduction) +
           ", and the processor's part of it does not reach GPU memory";
  return std::nullopt;
}

Status run_once(const Operation& operation, const MpiPlace& place, const MpiKinds& kinds,
                HostBuffers& buffers, int run, const GpuMemory* gpu) {
  const Layout layout = layout_of(operation, place.size);
  Call call{operation,
            place,
            kinds.type(),
            kinds.reduction(),
            static_cast<int>(layout.count),
            buffers.source(run),
            buffers.destination(run),
            buffers.whole(run),
            gpu};
  if (gpu != nullptr) {
    call.from = operation.in_place ? gpu->of_run(run, buffers, call.from) : gpu->input(buffers);
    call.into = gpu->of_run(run, buffers, call.into);
    call.whole = gpu->of_run(run, buffers, call.whole);
  }
  const bool scaled = reduces(operation.kind) && operation.reduction == Reduction::scaled_sum;
  std::vector<std::byte> given;
  if (scaled && !operation.in_place) {  // the input serves all runs, so a copy is scaled
    given.assign(call.from.begin(), call.from.end());
    call.from = given;
  }
  if (scaled) scale_all(operation.type, call.from, scale_of(place.rank));
  auto done = dispatch(call);
  const bool average = reduces(operation.kind) && operation.reduction == Reduction::average;
  if (done && average && gets_result(operation, place.rank))
    divide_all(operation.type, call.into, place.size);
  return done;
}

}  // namespace plumbline::collectives
