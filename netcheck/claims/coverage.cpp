#include "netcheck/claims/coverage.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace plumbline::netcheck::claims {
namespace {

constexpr std::array<std::string_view, 5> kKinds{"Node", "Pod", "ResourceClaim", "ResourceSlice",
                                                 "HyperNode"};

bool matters(const std::string& kind) {
  return std::find(kKinds.begin(), kKinds.end(), kind) != kKinds.end();
}

/// Whether all there is of a kind can be told without a list: a slice names its pool's size.
bool counts_itself(const std::string& kind) { return kind == "ResourceSlice"; }

bool is_namespaced(const std::string& kind) { return kind == "Pod" || kind == "ResourceClaim"; }

}  // namespace

void Coverage::saw(const std::string& kind, const std::string& name_space, bool alone) {
  if (!matters(kind)) return;
  Seen& seen = seen_[kind];
  seen.any = true;
  seen.listed = seen.listed || !alone;
  // Two tell already that nobody asked for one alone.
  if (seen.namespaces.size() < 2) seen.namespaces.insert(name_space);
}

void Coverage::lost(const std::string& kind) {
  if (!matters(kind)) return;
  ++seen_[kind].lost;
}

void Coverage::saw_list(const std::string& kind) {
  if (!matters(kind)) return;
  seen_[kind].any = true;
  seen_[kind].listed = true;
}

void Coverage::cut(const std::string& kind, std::size_t items, std::optional<std::int64_t> more) {
  if (!matters(kind)) return;
  Seen& seen = seen_[kind];
  seen.cut = true;
  seen.unknown_rest = seen.unknown_rest || !more;
  const std::size_t all =
      items + static_cast<std::size_t>(std::max<std::int64_t>(more.value_or(1), 1));
  seen.wanted = std::max(seen.wanted.value_or(0), all);
}

void Coverage::whole(const std::string& kind, std::optional<std::size_t> objects) {
  if (!matters(kind)) return;
  seen_[kind].whole = true;
  if (objects) seen_[kind].recorded = objects;
}

std::string Coverage::shortfall(const std::string& kind, const Seen& seen, std::size_t kept) {
  if (seen.recorded && *seen.recorded > kept) {
    return "of " + std::to_string(*seen.recorded) + " " + kind + " objects that were recorded " +
           std::to_string(kept) + " could be read";
  }
  if (seen.whole || !seen.cut) return {};
  // Pages of one list, one after another, are together what the first one said.
  if (!seen.unknown_rest && kept >= *seen.wanted) return {};
  const std::string how_many =
      seen.unknown_rest || *seen.wanted <= kept
          ? "more than the " + std::to_string(kept) + " read"
          : std::to_string(*seen.wanted) + ", of which " + std::to_string(kept) + " were read";
  return "a list of " + kind + " objects was cut off (metadata.continue): there are " + how_many;
}

std::optional<Gap> Coverage::gap(const std::string& kind, const Seen& seen, std::size_t kept) {
  if (std::string why = shortfall(kind, seen, kept); !why.empty()) return Gap{std::move(why), {}};
  if (seen.lost > 0)
    return Gap{std::to_string(seen.lost) + " " + kind + " objects could not be used", {}};
  if (seen.whole) return std::nullopt;
  if (!seen.any) return Gap{"no " + kind + " was read", {}};
  if (!seen.listed && !counts_itself(kind))
    return Gap{kind + " objects were recorded one by one, not as a list", {}};
  if (is_namespaced(kind) && seen.namespaces.size() == 1) {
    const std::string& only = *seen.namespaces.begin();
    return Gap{kind + " objects of namespace " + only + " only were read", {only}};
  }
  return std::nullopt;
}

std::map<std::string, Gap> Coverage::gaps(const Counts& kept) const {
  std::map<std::string, Gap> all;
  for (const std::string_view name : kKinds) {
    const std::string kind(name);
    const auto seen = seen_.find(kind);
    const auto count = kept.find(kind);
    auto found = gap(kind, seen == seen_.end() ? Seen{} : seen->second,
                     count == kept.end() ? 0 : count->second);
    if (found) all.emplace(kind, std::move(*found));
  }
  return all;
}

std::vector<std::string> Coverage::warnings(const Counts& kept) const {
  std::vector<std::string> all;
  for (const auto& [kind, seen] : seen_) {
    const auto count = kept.find(kind);
    std::string why = shortfall(kind, seen, count == kept.end() ? 0 : count->second);
    if (!why.empty()) all.push_back(std::move(why));
  }
  return all;
}

}  // namespace plumbline::netcheck::claims
