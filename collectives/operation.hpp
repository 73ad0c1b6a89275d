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

/// What one element is; nccl-tests' names in words.
enum class ElementType {
  int8,
  uint8,
  int32,
  uint32,
  int64,
  uint64,
  float16,
  float32,
  float64,
  bfloat16,
  float8_e4m3,
  float8_e5m2
};

/// How elements of several ranks become one. `scaled_sum` is nccl-tests' mulsum: each rank's input
/// is multiplied by scale_of(rank) before the sum.
enum class Reduction { sum, product, min, max, average, scaled_sum };

/// One collective operation. `bytes` is nccl-tests' S: for all_reduce the size of one rank's input,
/// for operations by blocks the blocks of all ranks together.
struct Operation {
  OperationKind kind = OperationKind::all_reduce;
  ElementType type = ElementType::float64;
  Reduction reduction = Reduction::sum;
  int root = 0;  ///< for the operations that have one
  Bytes bytes;
  std::string group = "all";  ///< which set of ends this is; a communicator spans exactly one
  bool in_place = false;      ///< input and result share one buffer, as NCCL lays them out
};

/// "all_reduce", "alltoall", "sendrecv", ...
const char* to_string(OperationKind kind) noexcept;
/// "int8", "half", "float", "double", "bfloat16", "f8e4m3", ...
const char* to_string(ElementType type) noexcept;
/// "sum", "prod", "min", "max", "avg", "mulsum".
const char* to_string(Reduction reduction) noexcept;

/// The operation of a name; another word is an error that lists the names.
Result<OperationKind> parse_operation(std::string_view name);
Result<ElementType> parse_element_type(std::string_view name);
Result<Reduction> parse_reduction(std::string_view name);

/// True for all_reduce, reduce and reduce_scatter.
bool reduces(OperationKind kind) noexcept;
/// True for broadcast, reduce, gather and scatter.
bool has_root(OperationKind kind) noexcept;
/// True where every rank has a block of its own in the larger buffer.
bool by_blocks(OperationKind kind) noexcept;

/// Bytes of one element.
std::size_t size_of(ElementType type) noexcept;

/// How many elements `bytes` holds.
std::size_t elements(const Operation& operation) noexcept;

/// How many elements stand where. Operations by blocks take nccl-tests' rounding: a block is the
/// size over the ranks, down to whole 16 bytes (so it can be empty).
struct Layout {
  std::size_t count = 0;       ///< nccl-tests' column: of a block, else of the whole
  std::size_t input = 0;       ///< what a rank gives
  std::size_t output = 0;      ///< what a rank gets
  std::size_t whole = 0;       ///< the buffer that holds both in place
  std::size_t input_step = 0;  ///< in place, rank r's input begins at r times this
  std::size_t output_step = 0;
};
Layout layout_of(const Operation& operation, int ranks) noexcept;

/// nccl-tests' size column: the larger of what a rank gives and gets.
Bytes moved_size(const Operation& operation, int ranks) noexcept;

/// False for the ranks that get nothing: all but the root of reduce and gather.
bool gets_result(const Operation& operation, int rank) noexcept;

/// A rank's factor in a scaled sum: 1 for even ranks, 2 for odd ones.
constexpr int scale_of(int rank) noexcept { return 1 + rank % 2; }

}  // namespace plumbline::collectives
