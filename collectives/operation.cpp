#include "collectives/operation.hpp"

#include <array>
#include <utility>

namespace plumbline::collectives {
namespace {

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

}  // namespace

const char* to_string(OperationKind kind) noexcept {
  for (const auto& [known, name] : kNames)
    if (known == kind) return name;
  return "unknown";
}

Result<OperationKind> parse_operation(std::string_view name) {
  std::string all;
  for (const auto& [kind, known] : kNames) {
    if (name == known) return kind;
    all += all.empty() ? known : std::string(" ") + known;
  }
  return fail(ErrorCode::invalid_input,
              "no such collective operation: " + std::string(name) + " (there are: " + all + ")");
}

std::size_t size_of(ElementType type) noexcept {
  const bool narrow = type == ElementType::int32 || type == ElementType::float32;
  return narrow ? 4 : 8;
}

std::size_t elements(const Operation& operation) noexcept {
  return static_cast<std::size_t>(operation.bytes.count) / size_of(operation.type);
}

}  // namespace plumbline::collectives
