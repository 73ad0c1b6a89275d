#include "collectives/nccl/link.hpp"

namespace plumbline::collectives {
namespace {

std::size_t block_bytes(const NcclCall& call) { return call.count * size_of(call.operation.type); }

std::byte* block(std::byte* base, const NcclCall& call, int index) {
  return base + static_cast<std::size_t>(index) * block_bytes(call);
}

/// Sends and receives of one run, issued together: the first error stands.
class Group {
 public:
  Group(NcclLink& link, const NcclCall& call, Deadline deadline)
      : link_(link), call_(call), deadline_(deadline), result_(link.call().group_start()) {}

  void send(const std::byte* from, std::size_t count, int peer) {
    if (result_ != ncclSuccess) return;
    result_ = link_.call().send(from, count, call_.type, peer, link_.handle(), stream());
  }
  void receive(std::byte* into, std::size_t count, int peer) {
    if (result_ != ncclSuccess) return;
    result_ = link_.call().receive(into, count, call_.type, peer, link_.handle(), stream());
  }
  Status end() {
    const ncclResult_t ended = link_.call().group_end();
    const bool fine = result_ == ncclSuccess || result_ == ncclInProgress;
    return link_.check(fine ? ended : result_, "sending and receiving", deadline_);
  }

 private:
  cudaStream_t stream() const { return static_cast<cudaStream_t>(link_.device().stream()); }
  NcclLink& link_;
  const NcclCall& call_;
  Deadline deadline_;
  ncclResult_t result_;
};

Status exchange_blocks(NcclLink& link, const NcclCall& call, Deadline deadline) {
  Group group(link, call, deadline);
  for (int peer = 0; peer < call.size; ++peer) {
    group.send(block(call.from, call, peer), call.count, peer);
    group.receive(block(call.into, call, peer), call.count, peer);
  }
  return group.end();
}

Status gather(NcclLink& link, const NcclCall& call, Deadline deadline) {
  Group group(link, call, deadline);
  group.send(call.from, call.count, call.operation.root);
  for (int peer = 0; call.rank == call.operation.root && peer < call.size; ++peer)
    group.receive(block(call.into, call, peer), call.count, peer);
  return group.end();
}

Status scatter(NcclLink& link, const NcclCall& call, Deadline deadline) {
  Group group(link, call, deadline);
  for (int peer = 0; call.rank == call.operation.root && peer < call.size; ++peer)
    group.send(block(call.from, call, peer), call.count, peer);
  group.receive(call.into, call.count, call.operation.root);
  return group.end();
}

Status pass_on(NcclLink& link, const NcclCall& call, Deadline deadline) {
  Group group(link, call, deadline);
  group.send(call.from, call.count, (call.rank + 1) % call.size);
  group.receive(call.into, call.count, (call.rank + call.size - 1) % call.size);
  return group.end();
}

/// An all-gather in log2(n) rounds, each with one partner and twice as many blocks.
Status hypercube(NcclLink& link, const NcclCall& call, Deadline deadline) {
  const Device& device = link.device();
  std::byte* const own = block(call.into, call, call.rank);
  if (own != call.from && call.count > 0) {
    auto copied =
        device.check(device.call().copy_within(reinterpret_cast<std::uintptr_t>(own),
                                               reinterpret_cast<std::uintptr_t>(call.from),
                                               block_bytes(call), device.stream()),
                     "cuMemcpyDtoDAsync");
    if (!copied) return copied;
  }
  for (int step = 1; step < call.size; step *= 2) {
    const int mine = call.rank / step * step;
    const std::size_t count = call.count * static_cast<std::size_t>(step);
    Group group(link, call, deadline);
    group.send(block(call.into, call, mine), count, call.rank ^ step);
    group.receive(block(call.into, call, mine ^ step), count, call.rank ^ step);
    if (auto done = group.end(); !done) return done;
  }
  return {};
}

}  // namespace

ncclDataType_t nccl_type(ElementType type) noexcept {
  switch (type) {
    case ElementType::int8:
      return ncclInt8;
    case ElementType::uint8:
      return ncclUint8;
    case ElementType::int32:
      return ncclInt32;
    case ElementType::uint32:
      return ncclUint32;
    case ElementType::int64:
      return ncclInt64;
    case ElementType::uint64:
      return ncclUint64;
    case ElementType::float16:
      return ncclFloat16;
    case ElementType::float32:
      return ncclFloat32;
    case ElementType::bfloat16:
      return ncclBfloat16;
    case ElementType::float8_e4m3:
      return ncclFloat8e4m3;
    case ElementType::float8_e5m2:
      return ncclFloat8e5m2;
    case ElementType::float64:
      break;
  }
  return ncclFloat64;
}

Status queue_run(NcclLink& link, const NcclCall& call, Deadline deadline) {
  const NcclFunctions& nccl = link.call();
  const auto stream = static_cast<cudaStream_t>(link.device().stream());
  const int root = call.operation.root;
  switch (call.operation.kind) {
    case OperationKind::all_reduce:
      return link.check(nccl.all_reduce(call.from, call.into, call.count, call.type, call.reduction,
                                        link.handle(), stream),
                        "ncclAllReduce", deadline);
    case OperationKind::reduce:
      return link.check(nccl.reduce(call.from, call.into, call.count, call.type, call.reduction,
                                    root, link.handle(), stream),
                        "ncclReduce", deadline);
    case OperationKind::reduce_scatter:
      return link.check(nccl.reduce_scatter(call.from, call.into, call.count, call.type,
                                            call.reduction, link.handle(), stream),
                        "ncclReduceScatter", deadline);
    case OperationKind::all_gather:
      return link.check(
          nccl.all_gather(call.from, call.into, call.count, call.type, link.handle(), stream),
          "ncclAllGather", deadline);
    case OperationKind::broadcast:
      return link.check(
          nccl.broadcast(call.from, call.into, call.count, call.type, root, link.handle(), stream),
          "ncclBroadcast", deadline);
    case OperationKind::all_to_all:
      if (nccl.all_to_all == nullptr) return exchange_blocks(link, call, deadline);
      return link.check(
          nccl.all_to_all(call.from, call.into, call.count, call.type, link.handle(), stream),
          "ncclAlltoAll", deadline);
    case OperationKind::gather:
      return gather(link, call, deadline);
    case OperationKind::scatter:
      return scatter(link, call, deadline);
    case OperationKind::send_receive:
      return pass_on(link, call, deadline);
    case OperationKind::hypercube:
      return hypercube(link, call, deadline);
  }
  return fail(ErrorCode::internal, "no such operation");
}

}  // namespace plumbline::collectives
