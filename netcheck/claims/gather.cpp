#include "netcheck/claims/gather.hpp"

#include <array>
#include <nlohmann/json.hpp>

namespace plumbline::netcheck::claims {
namespace {

using Json = nlohmann::json;
constexpr std::size_t most_objects = 500'000;
constexpr std::size_t most_warnings = 1000;
constexpr int most_list_depth = 8;

/// A kind that is read, with the versions of its group that are understood, newest first.
struct Known {
  const char* kind;
  const char* group;
  std::array<const char*, 3> versions;
};

constexpr std::array<Known, 5> known_kinds{{
    {"Node", "", {"v1", nullptr, nullptr}},
    {"Pod", "", {"v1", nullptr, nullptr}},
    {"ResourceSlice", "resource.k8s.io", {"v1", "v1beta2", "v1beta1"}},
    {"ResourceClaim", "resource.k8s.io", {"v1", "v1beta2", "v1beta1"}},
    {"PodGroup", "scheduling.k8s.io", {"v1beta1", "v1alpha3", "v1alpha2"}},
}};

std::string text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// 2 for the newest version, 0 for the oldest, -1 for one that is not understood.
int rank_of(const Known& known, const std::string& version) {
  for (std::size_t i = 0; i < known.versions.size(); ++i) {
    if (known.versions[i] != nullptr && version == known.versions[i])
      return 2 - static_cast<int>(i);
  }
  return -1;
}

const Known* find_kind(const std::string& kind, const std::string& group) {
  for (const Known& known : known_kinds) {
    if (kind == known.kind && group == known.group) return &known;
  }
  return nullptr;
}

/// Resource versions of one object are numbers in practice; shorter is smaller then.
bool older(const std::string& left, const std::string& right) {
  return left.size() != right.size() ? left.size() < right.size() : left < right;
}

std::string full_name(const ObjectMeta& meta) {
  return meta.name_space.empty() ? meta.name : meta.name_space + "/" + meta.name;
}

}  // namespace

void Gatherer::warn(const std::string& where, const std::string& what) {
  if (warnings_.size() < most_warnings) warnings_.push_back(where + ": " + what);
}

template <typename T>
void Gatherer::keep(std::map<std::string, Kept<T>>& kept, Kept<T> read, const ObjectMeta& meta,
                    const std::string& where) {
  read.uid = meta.uid;
  read.resource_version = meta.resource_version;
  const auto [at, fresh] = kept.try_emplace(full_name(meta), read);
  if (fresh) return;
  Kept<T>& before = at->second;
  if (before.uid != read.uid) {
    warn(where, full_name(meta) + " was read twice with different uids " + before.uid + " and " +
                    read.uid + ": the later one counts");
  }
  const bool newer = older(before.resource_version, read.resource_version);
  const bool same = before.resource_version == read.resource_version;
  if (newer || (same && read.version_rank > before.version_rank)) before = std::move(read);
}

void Gatherer::add_object(const Json& object, const std::string& where) {
  const std::string kind = text_of(object, "kind");
  const std::string api = text_of(object, "apiVersion");
  const auto slash = api.find('/');
  const std::string group = slash == std::string::npos ? "" : api.substr(0, slash);
  const std::string version = slash == std::string::npos ? api : api.substr(slash + 1);
  const Known* known = find_kind(kind, group);
  if (known == nullptr) return;
  std::string problem;
  const Fields fields(object, "", problem);
  const ObjectMeta meta = read_meta(fields);
  const std::string what = kind + " " + full_name(meta);
  const int rank = rank_of(*known, version);
  if (rank < 0) return warn(where, what + ": version " + api + " is not understood");
  // A reading that has a problem is dropped whole: half an object would be a wrong claim.
  const auto settle = [&](auto& kept, auto value) {
    if (!problem.empty()) return warn(where, what + ": " + problem);
    keep(kept, {std::move(value), {}, {}, rank}, meta, where);
  };
  if (kind == "Node") settle(nodes_, read_node(fields));
  if (kind == "Pod") settle(pods_, read_pod(fields));
  if (kind == "ResourceSlice") settle(slices_, read_slice(fields, version == "v1beta1"));
  if (kind == "ResourceClaim") settle(claims_, read_claim(fields));
  if (kind == "PodGroup") settle(groups_, read_pod_group(fields));
}

Status Gatherer::add_list(const Json& list, const std::string& where, int depth) {
  if (depth > most_list_depth)
    return fail(ErrorCode::invalid_input, where + ": lists nest too deep");
  const auto items = list.find("items");
  if (items == list.end() || items->is_null()) return {};
  if (!items->is_array()) return fail(ErrorCode::invalid_input, where + ": items is not a list");
  const std::string kind = text_of(list, "kind");
  for (const Json& item : *items) {
    // A raw "ResourceSliceList" leaves its items' own kind out.
    if (item.is_object() && text_of(item, "kind").empty() && kind.size() > 4) {
      Json named = item;
      named["kind"] = kind.substr(0, kind.size() - 4);
      if (text_of(named, "apiVersion").empty()) named["apiVersion"] = text_of(list, "apiVersion");
      if (auto added = add_any(named, where, depth); !added) return added;
    } else if (auto added = add_any(item, where, depth); !added) {
      return added;
    }
  }
  return {};
}

Status Gatherer::add_any(const Json& object, const std::string& where, int depth) {
  const std::string kind = object.is_object() ? text_of(object, "kind") : std::string();
  if (kind.empty()) return {};
  if (++seen_ > most_objects) return fail(ErrorCode::invalid_input, "more than 500000 objects");
  if (kind.ends_with("List")) return add_list(object, where, depth + 1);
  add_object(object, where);
  return {};
}

Status Gatherer::add(const Json& document, const std::string& where) {
  if (document.is_null()) return {};
  return add_any(document, where, 0);
}

void Gatherer::finish_slices(AllocationView& view) {
  struct Pool {
    std::int64_t generation = 0;
    std::int64_t slices = 0;
    std::int64_t wanted = 0;
  };
  std::map<std::pair<std::string, std::string>, Pool> pools;
  for (const auto& [name, kept] : slices_) {
    const SliceClaim& slice = kept.value.claim;
    Pool& pool = pools[{slice.driver, slice.pool}];
    if (pool.slices > 0 && slice.generation < pool.generation) continue;
    const bool first = pool.slices == 0 || slice.generation > pool.generation;
    if (first) pool = {slice.generation, 0, 0};
    ++pool.slices;
    pool.wanted = kept.value.slices_in_pool;
  }
  for (const auto& [key, pool] : pools) {
    if (pool.wanted <= pool.slices) continue;
    warnings_.push_back("ResourceSlice pool " + key.first + "/" + key.second + " generation " +
                        std::to_string(pool.generation) +
                        " is incomplete: " + std::to_string(pool.slices) + " of " +
                        std::to_string(pool.wanted) + " slices");
  }
  for (auto& [name, kept] : slices_) {
    SliceClaim& slice = kept.value.claim;
    if (slice.generation != pools[{slice.driver, slice.pool}].generation) continue;
    view.slices.push_back(std::move(slice));
  }
}

void Gatherer::finish_claims(AllocationView& view) {
  for (auto& [name, kept] : claims_) {
    DeviceClaim& claim = kept.value.claim;
    for (const std::string& group : kept.value.reserved_groups) {
      for (const auto& [pod_name, pod] : pods_) {
        const bool member = pod.value.gang == claim.meta.name_space + "/" + group;
        if (member) claim.reserved_for.push_back(pod.value.meta.name);
      }
    }
    view.claims.push_back(std::move(claim));
  }
}

AllocationView Gatherer::finish() {
  AllocationView view;
  finish_slices(view);
  finish_claims(view);
  for (auto& [name, kept] : nodes_)
    view.nodes.push_back(std::move(kept.value));
  for (auto& [name, kept] : pods_)
    view.pods.push_back(std::move(kept.value));
  for (auto& [name, kept] : groups_) {
    for (PlacementClaim& placement : kept.value)
      view.placements.push_back(std::move(placement));
  }
  view.warnings = std::move(warnings_);
  return view;
}

}  // namespace plumbline::netcheck::claims
