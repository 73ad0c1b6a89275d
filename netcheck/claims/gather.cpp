#include "netcheck/claims/gather.hpp"

#include <nlohmann/json.hpp>
#include <unordered_map>

#include "netcheck/claims/json_text.hpp"
#include "netcheck/claims/kinds.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Json = nlohmann::json;
constexpr std::size_t kMostObjects = 500'000;
constexpr std::size_t kMostWarnings = 1000;
constexpr std::size_t kMostStrangers = 5;
constexpr int kMostListDepth = 8;

/// Resource versions of one object are numbers in practice; shorter is smaller then.
bool older(const std::string& left, const std::string& right) {
  return left.size() != right.size() ? left.size() < right.size() : left < right;
}

std::string full_name(const ObjectMeta& meta) {
  return meta.name_space.empty() ? meta.name : meta.name_space + "/" + meta.name;
}

}  // namespace

void Gatherer::warn(const std::string& where, const std::string& what) {
  if (warnings_.size() < kMostWarnings) warnings_.push_back(where + ": " + what);
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
  if (known == nullptr) {
    if (strangers_.size() < kMostStrangers) strangers_.insert(kind + " " + api);
    return;
  }
  ++known_;
  std::string problem;
  const Fields fields(object, "", problem);
  const ObjectMeta meta = read_meta(fields);
  const std::string what = kind + " " + full_name(meta);
  const int rank = rank_of(*known, version);
  if (rank < 0) {
    coverage_.lost(kind);
    return warn(where, what + ": version " + api + " is not understood");
  }
  coverage_.saw(kind, meta.name_space, alone_);
  // A reading that has a problem is dropped whole: half an object would be a wrong claim.
  const auto settle = [&](auto& kept, auto value) {
    if (!problem.empty()) {
      coverage_.lost(kind);
      return warn(where, what + ": " + problem);
    }
    keep(kept, {std::move(value), {}, {}, rank}, meta, where);
  };
  if (known->placements != nullptr) {
    settle(groups_[kind + "." + group], known->placements(fields));
  } else if (kind == "Node") {
    settle(nodes_, read_node(fields));
  } else if (kind == "Pod") {
    settle(pods_, read_pod(fields));
  } else if (kind == "ResourceSlice") {
    settle(slices_, read_slice(fields, version == "v1beta1"));
  } else if (kind == "ResourceClaim") {
    settle(claims_, read_claim(fields));
  } else if (kind == "ResourceClaimTemplate") {
    settle(templates_, read_claim_template(fields));
  } else if (kind == "DeviceClass") {
    settle(classes_, read_device_class(fields));
  } else if (kind == "HyperNode") {
    settle(domains_, read_hyper_node(fields));
  } else if (kind == "ComputeDomain") {
    settle(fabrics_, read_compute_domain(fields));
  } else if (kind == "NodeResourceTopology") {
    settle(policies_, read_node_topology(fields));
  } else if (kind == "KubeletConfigz") {
    settle(configs_, read_configz(fields));
  } else if (kind == "Recording") {
    add_recording(fields);
    if (!problem.empty()) warn(where, what + ": " + problem);
  } else {
    const bool flavor = kind == "ResourceFlavor";
    TopologyLevels levels = flavor ? read_flavor(fields) : read_topology_levels(fields);
    if (!flavor) levels.kind = kind + "." + group;
    settle(levels_[levels.kind], std::move(levels));
  }
}

void Gatherer::add_recording(const Fields& recording) {
  for (const Fields& listed : recording.list("listed")) {
    const auto objects = listed.number("objects");
    if (objects >= 0) coverage_.whole(listed.text("kind"), static_cast<std::size_t>(objects));
  }
}

/// What a list says of itself: of which kind it is, and whether there is more.
void Gatherer::look_at_list(const Json& list, const Json& items) {
  std::string kind = text_of(list, "kind");
  kind.resize(kind.size() - std::min<std::size_t>(kind.size(), 4));
  if (kind.empty() && !items.empty() && items.front().is_object())
    kind = text_of(items.front(), "kind");
  coverage_.saw_list(kind);
  const auto metadata = list.find("metadata");
  if (metadata == list.end() || !metadata->is_object()) return;
  const auto left = metadata->find("remainingItemCount");
  const bool told = left != metadata->end() && left->is_number_integer();
  if (text_of(*metadata, "continue").empty() && !told) return;
  coverage_.cut(kind, items.size(), told ? std::optional(left->get<std::int64_t>()) : std::nullopt);
}

Status Gatherer::add_list(const Json& list, const std::string& where, int depth) {
  if (depth > kMostListDepth)
    return fail(ErrorCode::invalid_input, where + ": lists nest too deep");
  const auto items = list.find("items");
  const bool none = items == list.end() || items->is_null();
  if (!none && !items->is_array())
    return fail(ErrorCode::invalid_input, where + ": items is not a list");
  look_at_list(list, none ? Json::array() : *items);
  if (none) return {};
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
  if (++seen_ > kMostObjects) return fail(ErrorCode::invalid_input, "more than 500000 objects");
  if (kind.ends_with("List")) return add_list(object, where, depth + 1);
  add_object(object, where);
  return {};
}

Status Gatherer::add(const Json& document, const std::string& where, bool alone) {
  alone_ = alone && document.is_object() && !text_of(document, "kind").ends_with("List");
  if (!document.is_array()) return add_any(document, where, 0);
  for (const Json& item : document) {
    if (auto added = add_any(item, where, 0); !added) return added;
  }
  return {};
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
    const Pool& pool = pools[{slice.driver, slice.pool}];
    if (slice.generation != pool.generation) continue;
    slice.whole_pool = pool.slices >= pool.wanted;
    view.slices.push_back(std::move(slice));
  }
}

void Gatherer::finish_claims(AllocationView& view) {
  std::unordered_map<std::string, std::vector<std::string>> by_gang;
  for (const auto& [name, pod] : pods_) {
    const PodClaim& claim = pod.value.claim;
    if (!claim.gang.empty()) by_gang[claim.gang].push_back(claim.meta.name);
  }
  for (auto& [name, kept] : claims_) {
    DeviceClaim& claim = kept.value.claim;
    for (const std::string& group : kept.value.reserved_groups) {
      const auto pods = by_gang.find(claim.meta.name_space + "/" + group);
      if (pods == by_gang.end()) continue;
      claim.reserved_for.insert(claim.reserved_for.end(), pods->second.begin(), pods->second.end());
    }
    view.claims.push_back(std::move(claim));
  }
}

void Gatherer::finish_placements(AllocationView& view) {
  std::vector<ReadPlacement> read;
  for (auto& [kind, groups] : groups_) {
    for (auto& [name, kept] : groups) {
      for (ReadPlacement& placement : kept.value)
        read.push_back(std::move(placement));
    }
  }
  std::vector<const ReadPod*> pods;
  for (const auto& [name, kept] : pods_)
    pods.push_back(&kept.value);
  view.placements = with_members(std::move(read), pods);
  std::vector<ReadDomain> domains;
  for (auto& [name, kept] : domains_)
    domains.push_back(std::move(kept.value));
  view.domains = resolve(std::move(domains), view.nodes);
}

Counts Gatherer::counts() const {
  return {{"Node", nodes_.size()},
          {"Pod", pods_.size()},
          {"ResourceClaim", claims_.size()},
          {"ResourceSlice", slices_.size()},
          {"HyperNode", domains_.size()}};
}

AllocationView Gatherer::finish() {
  AllocationView view;
  const Counts read = counts();
  view.gaps = coverage_.gaps(read);
  for (std::string& warning : coverage_.warnings(read))
    warnings_.push_back(std::move(warning));
  if (known_ == 0 && !strangers_.empty()) {
    std::string kinds;
    for (const std::string& kind : strangers_)
      kinds += (kinds.empty() ? "" : ", ") + kind;
    warnings_.push_back("no object is of a kind that is read, only " + kinds);
  }
  const auto move_to = [](auto& kept, auto& list) {
    for (auto& [name, one] : kept)
      list.push_back(std::move(one.value));
  };
  finish_slices(view);
  finish_claims(view);
  move_to(nodes_, view.nodes);
  finish_placements(view);
  for (auto& [name, kept] : pods_)
    view.pods.push_back(std::move(kept.value.claim));
  move_to(templates_, view.templates);
  move_to(classes_, view.classes);
  move_to(fabrics_, view.fabrics);
  move_to(configs_, view.policies);
  move_to(policies_, view.policies);
  for (auto& [kind, levels] : levels_)
    move_to(levels, view.levels);
  view.warnings = std::move(warnings_);
  return view;
}

}  // namespace plumbline::netcheck::claims
