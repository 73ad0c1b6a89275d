#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "core/units.hpp"

namespace plumbline::collectives {

/// What many ends do together; the words are nccl-tests' names of its programs.
enum class OperationKind {
  all_reduce,
  all_gather,
  reduce_scatter,
  all_to_all,
  gather,
  scatter,
  broadcast,
  reduce,
  send_receive,
  hypercube
};

/// What one element is.
enum class ElementType { int32, int64, float32, float64 };

/// How elements of several ranks become one.
enum class Reduction { sum, min, max };

/// One collective operation. `bytes` is nccl-tests' S: for all_reduce the size of one rank's input.
struct Operation {
  OperationKind kind = OperationKind::all_reduce;
  ElementType type = ElementType::float64;
  Reduction reduction = Reduction::sum;
  int root = 0;  ///< for the operations that have one
  Bytes bytes;
  std::string group = "all";  ///< which set of ends this is; a communicator spans exactly one
};

/// "all_reduce", "alltoall", "sendrecv", ...
const char* to_string(OperationKind kind) noexcept;

/// The operation of a name; another word is an error that lists the names.
Result<OperationKind> parse_operation(std::string_view name);

/// Bytes of one element.
std::size_t size_of(ElementType type) noexcept;

/// How many elements `bytes` holds.
std::size_t elements(const Operation& operation) noexcept;

}  // namespace plumbline::collectives
