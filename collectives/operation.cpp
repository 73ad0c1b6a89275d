#include "collectives/operation.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace plumbline::collectives {
namespace {

constexpr std::size_t kBlockAlignment = 16;  // bytes, as nccl-tests rounds its blocks

constexpr std::array<std::pair<OperationKind, const char*>, 10> kNames{{
    {OperationKind::all_reduce, "all_reduce"},
    {OperationKind::all_gather, "all_gather"},
    {OperationKind::reduce_scatter, "reduce_scatter"},
    {OperationKind::all_to_all, "alltoall"},
    {OperationKind::gather, "gather"},
    {OperationKind::scatter, "scatter"},
    {OperationKind::broadcast, "broadcast"},
    {OperationKind::reduce, "reduce"},
    {OperationKind::send_receive, "sendrecv"},
    {OperationKind::hypercube, "hypercube"},
}};

constexpr std::array<std::pair<ElementType, const char*>, 12> kTypes{{
    {ElementType::int8, "int8"},
    {ElementType::uint8, "uint8"},
    {ElementType::int32, "int32"},
    {ElementType::uint32, "uint32"},
    {ElementType::int64, "int64"},
    {ElementType::uint64, "uint64"},
    {ElementType::float16, "half"},
    {ElementType::float32, "float"},
    {ElementType::float64, "double"},
    {ElementType::bfloat16, "bfloat16"},
    {ElementType::float8_e4m3, "f8e4m3"},
    {ElementType::float8_e5m2, "f8e5m2"},
}};

constexpr std::array<std::pair<Reduction, const char*>, 6> kReductions{{
    {Reduction::sum, "sum"},
    {Reduction::product, "prod"},
    {Reduction::min, "min"},
    {Reduction::max, "max"},
    {Reduction::average, "avg"},
    {Reduction::scaled_sum, "mulsum"},
}};

template <typename Table, typename Kind>
const char* name_in(const Table& table, Kind kind) noexcept {
  for (const auto& [known, name] : table)
    if (known == kind) return name;
  return "unknown";
}

template <typename Kind, std::size_t N>
Result<Kind> find_in(const std::array<std::pair<Kind, const char*>, N>& table,
                     std::string_view name, const char* what) {
  std::string all;
  for (const auto& [kind, known] : table) {
    if (name == known) return kind;
    all += all.empty() ? known : std::string(" ") + known;
  }
  return fail(ErrorCode::invalid_input, std::string("no such ") + what + ": " + std::string(name) +
                                            " (there are: " + all + ")");
}

}  // namespace

const char* to_string(OperationKind kind) noexcept { return name_in(kNames, kind); }
const char* to_string(ElementType type) noexcept { return name_in(kTypes, type); }
const char* to_string(Reduction reduction) noexcept { return name_in(kReductions, reduction); }

Result<OperationKind> parse_operation(std::string_view name) {
  return find_in(kNames, name, "collective operation");
}

Result<ElementType> parse_element_type(std::string_view name) {
  return find_in(kTypes, name, "data type");
}

Result<Reduction> parse_reduction(std::string_view name) {
  return find_in(kReductions, name, "reduction");
}

bool reduces(OperationKind kind) noexcept {
  return kind == OperationKind::all_reduce || kind == OperationKind::reduce ||
         kind == OperationKind::reduce_scatter;
}

bool has_root(OperationKind kind) noexcept {
  return kind == OperationKind::broadcast || kind == OperationKind::reduce ||
         kind == OperationKind::gather || kind == OperationKind::scatter;
}

bool by_blocks(OperationKind kind) noexcept {
  switch (kind) {
    case OperationKind::all_gather:
    case OperationKind::reduce_scatter:
    case OperationKind::all_to_all:
    case OperationKind::gather:
    case OperationKind::scatter:
    case OperationKind::hypercube:
      return true;
    default:
      return false;
  }
}

std::size_t size_of(ElementType type) noexcept {
  switch (type) {
    case ElementType::int8:
    case ElementType::uint8:
    case ElementType::float8_e4m3:
    case ElementType::float8_e5m2:
      return 1;
    case ElementType::float16:
    case ElementType::bfloat16:
      return 2;
    case ElementType::int32:
    case ElementType::uint32:
    case ElementType::float32:
      return 4;
    default:
      return 8;
  }
}

std::size_t elements(const Operation& operation) noexcept {
  return static_cast<std::size_t>(operation.bytes.count) / size_of(operation.type);
}

Layout layout_of(const Operation& operation, int ranks) noexcept {
  const auto n = static_cast<std::size_t>(ranks);
  const std::size_t all = elements(operation);
  if (!by_blocks(operation.kind)) return {all, all, all, all, 0, 0};
  const std::size_t block = all / n / (kBlockAlignment / size_of(operation.type)) *
                            (kBlockAlignment / size_of(operation.type));
  switch (operation.kind) {
    case OperationKind::reduce_scatter:
    case OperationKind::scatter:
      return {block, block * n, block, block * n, 0, block};
    case OperationKind::all_to_all:
      return {block, block * n, block * n, block * n, 0, 0};
    default:  // all_gather, gather, hypercube
      return {block, block, block * n, block * n, block, 0};
  }
}

Bytes moved_size(const Operation& operation, int ranks) noexcept {
  const Layout layout = layout_of(operation, ranks);
  return {std::max(layout.input, layout.output) * size_of(operation.type)};
}

bool gets_result(const Operation& operation, int rank) noexcept {
  const bool to_root =
      operation.kind == OperationKind::reduce || operation.kind == OperationKind::gather;
  return !to_root || rank == operation.root;
}

}  // namespace plumbline::collectives
