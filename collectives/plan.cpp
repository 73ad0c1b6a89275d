#include "collectives/plan.hpp"

#include <algorithm>
#include <cmath>

namespace plumbline::collectives {
namespace {

constexpr std::uint64_t kMostBytes = 1ULL << 30U;
constexpr std::uint64_t kMostDestinations = 256ULL << 20U;
constexpr int kMostRanks = 4096;  // float64 keeps 41 bits for a value
constexpr int kMostRepeats = 1000;

std::string option(const Request& request, const std::string& name) {
  const auto found = request.options.find(name);
  return found == request.options.end() ? std::string() : found->second;
}

Status check_size(const Operation& operation, int ranks) {
  const std::uint64_t size = operation.bytes.count;
  const std::uint64_t element = size_of(operation.type);
  if (size > kMostBytes)
    return fail(ErrorCode::invalid_input, "size " + std::to_string(size) + " is over 1 GiB");
  if (size % element != 0)
    return fail(ErrorCode::invalid_input, "size " + std::to_string(size) +
                                              " is not a multiple of " + std::to_string(element) +
                                              " bytes");
  if (size / element < static_cast<std::uint64_t>(ranks))
    return fail(ErrorCode::invalid_input, "size " + std::to_string(size) +
                                              " is less than one element for each of " +
                                              std::to_string(ranks) + " ranks");
  return {};
}

Status check_ranks(const Request& request) {
  const std::string ranks = std::to_string(request.size);
  if (request.size < 2 || request.size > kMostRanks)
    return fail(ErrorCode::invalid_input,
                "a collective needs 2 to " + std::to_string(kMostRanks) + " ranks, not " + ranks);
  if (request.ends.size() != static_cast<std::size_t>(request.size))
    return fail(ErrorCode::invalid_input, "the request names " +
                                              std::to_string(request.ends.size()) + " ends for " +
                                              ranks + " ranks");
  if (request.sizes.empty()) return fail(ErrorCode::invalid_input, "the request has no sizes");
  return {};
}

}  // namespace

Result<std::vector<Planned>> plan(const Request& request) {
  const auto kind = parse_operation(request.probe);
  if (!kind) return tl::unexpected<Error>(kind.error());
  if (*kind != OperationKind::all_reduce)
    return fail(ErrorCode::unavailable, request.probe + " is not measured yet");
  if (auto right = check_ranks(request); !right) return tl::unexpected<Error>(right.error());
  std::vector<Planned> planned;
  for (const Bytes size : request.sizes) {
    Operation operation;
    operation.kind = *kind;
    operation.bytes = size;
    if (const std::string group = option(request, "group"); !group.empty()) operation.group = group;
    if (auto right = check_size(operation, request.size); !right)
      return tl::unexpected<Error>(right.error());
    planned.push_back({operation, request.size, ring_load(operation, request.size)});
  }
  return planned;
}

Outcome identity(const Request& request, Bytes size) {
  Outcome outcome;
  outcome.probe = request.probe;
  outcome.from.rail = option(request, "rail");
  outcome.to = outcome.from;
  const std::string group = option(request, "group");
  outcome.parameters = {{"group", group.empty() ? "all" : group},
                        {"ranks", std::to_string(request.size)},
                        {"size", std::to_string(size.count)}};
  return outcome;
}

Bytes ring_load(const Operation& operation, int ranks) noexcept {
  const std::uint64_t n = static_cast<std::uint64_t>(ranks);
  const std::uint64_t count = elements(operation);
  const std::uint64_t largest = (count + n - 1) / n;
  return {2 * (count - largest) * size_of(operation.type)};
}

int repeats_for(const Operation& operation, Seconds once, Seconds batch) noexcept {
  const std::uint64_t room = kMostDestinations / std::max<std::uint64_t>(operation.bytes.count, 1);
  const double most = static_cast<double>(std::clamp<std::uint64_t>(room, 1, kMostRepeats));
  const double wanted = once.value > 0 ? std::ceil(batch.value / once.value) : most;
  return static_cast<int>(std::clamp(wanted, 1.0, most));
}

}  // namespace plumbline::collectives
