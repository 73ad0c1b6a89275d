#include "collectives/bus_factor.hpp"

#include "core/contract.hpp"

namespace plumbline::collectives {

double bus_factor(OperationKind kind, int ranks) noexcept {
  require(ranks >= 1, "a collective has at least one rank");
  const double n = ranks;
  switch (kind) {
    case OperationKind::all_reduce:
      return 2 * (n - 1) / n;
    case OperationKind::all_gather:
    case OperationKind::reduce_scatter:
    case OperationKind::all_to_all:
    case OperationKind::gather:
    case OperationKind::scatter:
      return (n - 1) / n;
    case OperationKind::broadcast:
    case OperationKind::reduce:
    case OperationKind::send_receive:
    case OperationKind::hypercube:
      return 1;
  }
  return 1;
}

BytesPerSecond alg_bandwidth(const Operation& operation, int ranks, Seconds time) noexcept {
  const Bytes size = moved_size(operation, ranks);
  const double n = ranks;
  const double share = operation.kind == OperationKind::hypercube ? (n - 1) / n : 1;
  return {rate(size, time).value * share};
}

BytesPerSecond bus_bandwidth(const Operation& operation, int ranks, Seconds time) noexcept {
  return {alg_bandwidth(operation, ranks, time).value * bus_factor(operation.kind, ranks)};
}

WireLoad wire_load(const Operation& operation, int ranks, int rank) noexcept {
  const Layout layout = layout_of(operation, ranks);
  const std::uint64_t element = size_of(operation.type);
  const std::uint64_t whole = layout.count * element;  // of operations by blocks: a block
  const std::uint64_t others = whole * static_cast<std::uint64_t>(ranks - 1);
  const bool root = rank == operation.root;
  if (ranks < 2) return {};
  switch (operation.kind) {
    case OperationKind::all_reduce: {
      const std::uint64_t n = static_cast<std::uint64_t>(ranks);
      const std::uint64_t ring = 2 * (layout.count - (layout.count + n - 1) / n) * element;
      return {{ring}, {ring}};
    }
    case OperationKind::all_gather:
      return {{whole}, {others}};
    case OperationKind::reduce_scatter:
      return {{others}, {whole}};
    case OperationKind::all_to_all:
    case OperationKind::hypercube:
      return {{others}, {others}};
    case OperationKind::gather:
      return root ? WireLoad{{}, {others}} : WireLoad{{whole}, {}};
    case OperationKind::scatter:
      return root ? WireLoad{{others}, {}} : WireLoad{{}, {whole}};
    case OperationKind::broadcast:
      return root ? WireLoad{{whole}, {}} : WireLoad{{}, {whole}};
    case OperationKind::reduce:
      return root ? WireLoad{{}, {whole}} : WireLoad{{whole}, {}};
    case OperationKind::send_receive:
      return {{whole}, {whole}};
  }
  return {};
}

BytesPerSecond nic_rate(BytesPerSecond bus, int nodes, int ranks) noexcept {
  if (nodes < 2 || ranks < 2) return {};
  return {bus.value * (nodes - 1) / (ranks - 1)};
}

}  // namespace plumbline::collectives
