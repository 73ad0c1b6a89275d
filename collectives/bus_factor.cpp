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

BytesPerSecond bus_bandwidth(const Operation& operation, int ranks, Seconds time) noexcept {
  return {rate(operation.bytes, time).value * bus_factor(operation.kind, ranks)};
}

}  // namespace plumbline::collectives
