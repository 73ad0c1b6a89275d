#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "collectives/operation.hpp"

namespace plumbline::collectives {

/// Does an operation on host memory as its definition says it, for one rank that can see all ranks'
/// inputs: what the in-memory ends do. `input_of(member)` is a rank's input; `into` is where this
/// rank's result goes, untouched for a rank that gets none. Pure but for `into`.
void do_operation(const Operation& operation, int rank, int ranks,
                  const std::function<std::span<const std::byte>(int member)>& input_of,
                  std::span<std::byte> into);

}  // namespace plumbline::collectives
