#include "collectives/plan.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

namespace plumbline::collectives {
namespace {

constexpr std::uint64_t kMostBytes = 1ULL << 30U;
constexpr std::uint64_t kMostDestinations = 256ULL << 20U;
constexpr int kMostRanks = 4096;  // float64 keeps 41 bits for a value
constexpr int kMostRepeats = 1000;
constexpr int kMostIterations = 1'000'000;

std::string option(const Request& request, const std::string& name) {
  const auto found = request.options.find(name);
  return found == request.options.end() ? std::string() : found->second;
}

/// A whole number from 0 to `most`; `otherwise` where the option is absent.
Result<int> number(const Request& request, const std::string& name, int otherwise, int most) {
  const std::string text = option(request, name);
  if (text.empty()) return otherwise;
  int value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || value < 0 || value > most)
    return fail(ErrorCode::invalid_input,
                name + " is not a whole number from 0 to " + std::to_string(most) + ": " + text);
  return value;
}

Status check_ranks(const Request& request) {
  const std::string ranks = std::to_string(request.size);
  if (request.size < 1 || request.size > kMostRanks)
    return fail(ErrorCode::invalid_input,
                "a collective has 1 to " + std::to_string(kMostRanks) + " ranks, not " + ranks);
  if (request.ends.size() != static_cast<std::size_t>(request.size))
    return fail(ErrorCode::invalid_input, "the request names " +
                                              std::to_string(request.ends.size()) + " ends for " +
                                              ranks + " ranks");
  if (request.sizes.empty()) return fail(ErrorCode::invalid_input, "the request has no sizes");
  return {};
}

Status check_size(const Operation& operation) {
  const std::uint64_t size = operation.bytes.count;
  const std::uint64_t element = size_of(operation.type);
  if (size > kMostBytes)
    return fail(ErrorCode::invalid_input, "size " + std::to_string(size) + " is over 1 GiB");
  if (size % element != 0)
    return fail(ErrorCode::invalid_input, "size " + std::to_string(size) +
                                              " is not a multiple of " + std::to_string(element) +
                                              " bytes");
  return {};
}

Result<std::vector<int>> read_colours(const Request& request) {
  std::vector<int> colours;
  const std::string text = option(request, "colours");
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    int colour = 0;
    const auto read = std::from_chars(at, end, colour);
    const bool more = read.ptr < end;
    if (read.ec != std::errc() || colour < 0 || (more && *read.ptr != ','))
      return fail(ErrorCode::invalid_input, "colours are whole numbers with commas: " + text);
    colours.push_back(colour);
    at = more ? read.ptr + 1 : end;
  }
  if (!colours.empty() && colours.size() != static_cast<std::size_t>(request.size))
    return fail(ErrorCode::invalid_input, std::to_string(colours.size()) + " colours for " +
                                              std::to_string(request.size) + " ranks");
  return colours;
}

/// The words between commas; one empty word for an empty text.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  std::size_t from = 0;
  for (std::size_t comma = 0; comma != std::string::npos; from = comma + 1) {
    comma = text.find(',', from);
    words.push_back(text.substr(from, comma - from));
  }
  return words;
}

Result<std::vector<ElementType>> read_types(const Request& request) {
  std::vector<ElementType> types;
  for (const std::string& word : words_of(option(request, "type"))) {
    const auto type = word.empty() ? ElementType::float64 : parse_element_type(word);
    if (!type) return tl::unexpected<Error>(type.error());
    types.push_back(*type);
  }
  return types;
}

Result<std::vector<Reduction>> read_reductions(const Request& request, OperationKind kind) {
  if (!reduces(kind)) return std::vector<Reduction>{Reduction::sum};
  std::vector<Reduction> reductions;
  for (const std::string& word : words_of(option(request, "redop"))) {
    const auto reduction = word.empty() ? Reduction::sum : parse_reduction(word);
    if (!reduction) return tl::unexpected<Error>(reduction.error());
    reductions.push_back(*reduction);
  }
  return reductions;
}

/// The operations that a request asks for, without their sizes.
Result<std::vector<Operation>> read_operations(const Request& request) {
  const auto kind = parse_operation(request.probe);
  if (!kind) return tl::unexpected<Error>(kind.error());
  const auto types = read_types(request);
  if (!types) return tl::unexpected<Error>(types.error());
  const auto reductions = read_reductions(request, *kind);
  if (!reductions) return tl::unexpected<Error>(reductions.error());
  const auto root = number(request, "root", 0, kMostRanks - 1);
  if (!root) return tl::unexpected<Error>(root.error());
  const std::string group = option(request, "group");
  std::vector<Operation> operations;
  for (const ElementType type : *types) {
    for (const Reduction reduction : *reductions)
      operations.push_back({*kind, type, reduction, *root, {}, group.empty() ? "all" : group});
  }
  return operations;
}

/// What does not depend on the size.
Result<Planned> read_common(const Request& request) {
  Planned planned{{}, request.size, {}, Blocking::none, {}};
  if (!option(request, "iterations").empty()) {
    const auto timed = number(request, "iterations", 20, kMostIterations);
    const auto warmup = number(request, "warmup", 1, kMostIterations);
    if (!timed) return tl::unexpected<Error>(timed.error());
    if (!warmup) return tl::unexpected<Error>(warmup.error());
    if (*timed == 0) return fail(ErrorCode::invalid_input, "no iterations measure nothing");
    planned.fixed = FixedCounts{*warmup, *timed};
  }
  const auto blocking = number(request, "blocking", 0, 3);
  if (!blocking) return tl::unexpected<Error>(blocking.error());
  if (*blocking == 1) planned.blocking = Blocking::with_barrier;
  if (*blocking == 3) planned.blocking = Blocking::before_barrier;
  auto colours = read_colours(request);
  if (!colours) return tl::unexpected<Error>(colours.error());
  planned.colours = std::move(*colours);
  return planned;
}

Status check_groups(const Planned& planned) {
  for (int rank = 0; rank < planned.ranks; ++rank) {
    const int members = place_in(planned.colours, rank, planned.ranks).size;
    if (planned.operation.root >= members)
      return fail(ErrorCode::invalid_input, "root " + std::to_string(planned.operation.root) +
                                                " is not in a group of " + std::to_string(members) +
                                                " ranks");
    if (planned.operation.kind == OperationKind::hypercube && (members & (members - 1)) != 0)
      return fail(ErrorCode::invalid_input,
                  "hypercube needs a power of two ranks, not " + std::to_string(members));
  }
  return {};
}

Status add_sizes(const Request& request, const Planned& common, std::vector<Planned>& planned) {
  const std::string place = option(request, "place");
  if (!place.empty() && place != "out" && place != "in" && place != "both")
    return fail(ErrorCode::invalid_input, "place is out, in or both, not " + place);
  for (const Bytes size : request.sizes) {
    for (const bool in_place : {false, true}) {
      if (in_place ? place != "in" && place != "both" : place == "in") continue;
      Planned one = common;
      one.operation.bytes = size;
      one.operation.in_place = in_place;
      if (auto right = check_size(one.operation); !right) return right;
      planned.push_back(std::move(one));
    }
  }
  return {};
}

}  // namespace

Result<std::vector<Planned>> plan(const Request& request) {
  if (auto right = check_ranks(request); !right) return tl::unexpected<Error>(right.error());
  const auto operations = read_operations(request);
  if (!operations) return tl::unexpected<Error>(operations.error());
  auto common = read_common(request);
  if (!common) return tl::unexpected<Error>(common.error());
  common->operation = operations->front();
  if (auto right = check_groups(*common); !right) return tl::unexpected<Error>(right.error());
  std::vector<Planned> planned;
  for (const Operation& operation : *operations) {
    common->operation = operation;
    if (auto added = add_sizes(request, *common, planned); !added)
      return tl::unexpected<Error>(added.error());
  }
  return planned;
}

Outcome identity(const Request& request, const Planned& planned) {
  const Operation& operation = planned.operation;
  Outcome outcome;
  outcome.probe = request.probe;
  outcome.from.rail = option(request, "rail");
  outcome.to = outcome.from;
  outcome.parameters = {{"group", operation.group},
                        {"ranks", std::to_string(request.size)},
                        {"size", std::to_string(operation.bytes.count)}};
  const auto name = [&](const char* what, const std::string& value) {
    if (!option(request, what).empty()) outcome.parameters.emplace(what, value);
  };
  name("transport", option(request, "transport"));
  name("memory", option(request, "memory"));
  name("type", to_string(operation.type));
  name("redop", reduces(operation.kind) ? to_string(operation.reduction) : "none");
  name("root", has_root(operation.kind) ? std::to_string(operation.root) : "-1");
  name("place", operation.in_place ? "in" : "out");
  return outcome;
}

std::vector<Outcome> identities(const Request& request) {
  std::vector<Outcome> all;
  const auto planned = plan(request);
  if (planned) {
    for (const Planned& one : *planned)
      all.push_back(identity(request, one));
    return all;
  }
  for (const Bytes size : request.sizes) {
    Planned one;
    one.operation.bytes = size;
    if (const std::string group = option(request, "group"); !group.empty())
      one.operation.group = group;
    all.push_back(identity(request, one));
  }
  return all;
}

int repeats_for(const Operation& operation, Seconds once, Seconds batch) noexcept {
  const std::uint64_t room = kMostDestinations / std::max<std::uint64_t>(operation.bytes.count, 1);
  const double most = static_cast<double>(std::clamp<std::uint64_t>(room, 1, kMostRepeats));
  const double wanted = once.value > 0 ? std::ceil(batch.value / once.value) : most;
  return static_cast<int>(std::clamp(wanted, 1.0, most));
}

}  // namespace plumbline::collectives
