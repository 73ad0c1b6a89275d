#include "collectives/reference.hpp"

#include <algorithm>
#include <vector>

#include "collectives/element.hpp"

namespace plumbline::collectives {
namespace {

using Inputs = std::function<std::span<const std::byte>(int member)>;

void copy(std::span<const std::byte> from, std::span<std::byte> into) {
  std::copy(from.begin(), from.end(), into.begin());
}

void reduce(const Operation& operation, int ranks, const Inputs& input_of, std::size_t from,
            std::span<std::byte> into) {
  const bool scaled = operation.reduction == Reduction::scaled_sum;
  for (int member = 0; member < ranks; ++member) {
    const auto input = input_of(member).subspan(from, into.size());
    std::vector<std::byte> given(input.begin(), input.end());
    if (scaled) scale_all(operation.type, given, scale_of(member));
    if (member == 0) copy(given, into);
    if (member > 0) combine_all(operation.type, operation.reduction, into, given);
  }
  if (operation.reduction == Reduction::average) divide_all(operation.type, into, ranks);
}

}  // namespace

void do_operation(const Operation& operation, int rank, int ranks, const Inputs& input_of,
                  std::span<std::byte> into) {
  if (!gets_result(operation, rank)) return;
  const std::size_t block = layout_of(operation, ranks).count * size_of(operation.type);
  const std::size_t own = static_cast<std::size_t>(rank) * block;
  if (reduces(operation.kind)) {
    const bool part = operation.kind == OperationKind::reduce_scatter;
    reduce(operation, ranks, input_of, part ? own : 0, into);
  } else if (operation.kind == OperationKind::send_receive) {
    copy(input_of((rank + ranks - 1) % ranks), into);
  } else if (operation.kind == OperationKind::broadcast) {
    copy(input_of(operation.root), into);
  } else if (operation.kind == OperationKind::scatter) {
    copy(input_of(operation.root).subspan(own, block), into);
  } else {
    const std::size_t from = operation.kind == OperationKind::all_to_all ? own : 0;
    for (int member = 0; member < ranks; ++member)
      copy(input_of(member).subspan(from, block),
           into.subspan(static_cast<std::size_t>(member) * block, block));
  }
}

}  // namespace plumbline::collectives
