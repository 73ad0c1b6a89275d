#include <regex.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "netcheck/claims/groups.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Pods = std::vector<const ReadPod*>;
/// The pods of one link, by their replica of it.
using ByReplica = std::map<std::string, Pods>;

std::string full_name(const ObjectMeta& meta) {
  return meta.name_space.empty() ? meta.name : meta.name_space + "/" + meta.name;
}

class Binder {
 public:
  Binder(const std::vector<ReadPlacement>& placements, const Pods& pods) : pods_(pods) {
    for (const ReadPlacement& read : placements) {
      known_.insert(read.link);
      if (!read.parent.empty()) children_[read.parent].insert(read.link);
      if (read.claim.one_domain) asked_.insert(read.link + "\n" + *read.claim.one_domain);
    }
    for (const ReadPod* pod : pods) {
      for (const PodLink& link : pod->links)
        by_link_[link.link][link.sub].push_back(pod);
    }
  }

  void bind(ReadPlacement read, std::vector<PlacementClaim>& bound) const {
    const ByReplica replicas = pods_of(read.link);
    if (said_by_workload(read, replicas)) return;
    if (read.split && !replicas.empty()) {
      for (const auto& [replica, pods] : replicas)
        bound.push_back(with(read.claim, replica, pods));
      return;
    }
    Pods all;
    for (const auto& [replica, pods] : replicas)
      all.insert(all.end(), pods.begin(), pods.end());
    bound.push_back(with(std::move(read.claim), "", all));
  }

  /// A placement for each distinct affinity that no read object asks for already.
  void bind_affinities(std::vector<PlacementClaim>& bound) const {
    std::set<std::string> done;
    for (const ReadPod* pod : pods_) {
      for (const AffinityTerm& term : pod->affinities) {
        if (asked_by_owner(*pod, term) || !done.insert(key_of(*pod, term)).second) continue;
        PlacementClaim claim;
        claim.meta = pod->claim.meta;
        claim.kind = "Pod";
        claim.one_domain = term.topology_key;
        claim.path = term.path;
        bound.push_back(with(std::move(claim), "", matching(*pod, term)));
      }
    }
  }

 private:
  ByReplica pods_of(const std::string& link) const {
    ByReplica found;
    if (const auto own = by_link_.find(link); own != by_link_.end()) found = own->second;
    const auto children = children_.find(link);
    if (children == children_.end()) return found;
    for (const std::string& child : children->second) {
      if (child == link) continue;
      const auto below = by_link_.find(child);
      if (below == by_link_.end()) continue;
      for (const auto& [replica, pods] : below->second)
        found[replica].insert(found[replica].end(), pods.begin(), pods.end());
    }
    return found;
  }

  static PlacementClaim with(PlacementClaim claim, const std::string& replica, const Pods& pods) {
    if (!replica.empty()) claim.part += (claim.part.empty() ? "" : "/") + replica;
    for (const ReadPod* pod : pods)
      claim.members.push_back(full_name(pod->claim.meta));
    return claim;
  }

  /// Kueue's own object repeats what a job's template asks of it.
  bool said_by_workload(const ReadPlacement& read, const ByReplica& replicas) const {
    if (read.claim.path.find("annotations[kueue.x-k8s.io/podset") == std::string::npos)
      return false;
    if (read.claim.kind == "Workload.kueue.x-k8s.io") return false;
    for (const auto& [replica, pods] : replicas) {
      for (const PodLink& link : pods.front()->links) {
        if (link.link.starts_with("Workload.kueue.") && known_.count(link.link) > 0) return true;
      }
    }
    return false;
  }

  bool asked_by_owner(const ReadPod& pod, const AffinityTerm& term) const {
    return std::any_of(pod.links.begin(), pod.links.end(), [&](const PodLink& link) {
      return asked_.count(link.link + "\n" + term.topology_key) > 0;
    });
  }

  static std::string key_of(const ReadPod& pod, const AffinityTerm& term) {
    std::string key = pod.claim.meta.name_space + "\n" + term.topology_key;
    for (const LabelTest& test : term.tests) {
      key += "\n" + test.key + " " + test.operation;
      for (const std::string& value : test.values)
        key += " " + value;
    }
    return key;
  }

  Pods matching(const ReadPod& asking, const AffinityTerm& term) const {
    Pods found;
    for (const ReadPod* pod : pods_) {
      if (pod->claim.meta.name_space != asking.claim.meta.name_space) continue;
      if (pod == &asking || passes(term.tests, pod->claim.meta.labels)) found.push_back(pod);
    }
    return found;
  }

  const Pods& pods_;
  std::unordered_map<std::string, ByReplica> by_link_;
  std::map<std::string, std::set<std::string>> children_;
  std::set<std::string> known_;
  std::set<std::string> asked_;
};

/// A Go pattern as POSIX knows it; nothing for one that could run long or means something else.
std::string posix_pattern(const std::string& pattern) {
  if (pattern.size() > 200 || pattern.find_first_of("{\n") != std::string::npos) return {};
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '\\') {
      text += pattern[i];
      continue;
    }
    const char next = i + 1 < pattern.size() ? pattern[++i] : '\0';
    if (next == 'd') {
      text += "[0-9]";
    } else if (next == '.' || next == '-') {
      text += next == '.' ? "[.]" : "-";
    } else {
      return {};
    }
  }
  return text;
}

std::vector<std::string> matching(const std::string& pattern, const std::vector<NodeClaim>& nodes) {
  std::vector<std::string> names;
  const std::string text = posix_pattern(pattern);
  regex_t compiled{};
  if (text.empty() || regcomp(&compiled, text.c_str(), REG_EXTENDED | REG_NOSUB) != 0) return names;
  for (const NodeClaim& node : nodes) {
    if (regexec(&compiled, node.meta.name.c_str(), 0, nullptr, 0) == 0)
      names.push_back(node.meta.name);
  }
  regfree(&compiled);
  return names;
}

class Resolver {
 public:
  Resolver(const std::vector<ReadDomain>& domains, const std::vector<NodeClaim>& nodes)
      : domains_(domains), nodes_(nodes) {
    for (std::size_t i = 0; i < domains.size(); ++i)
      by_name_[domains[i].domain.meta.name] = i;
  }

  std::set<std::string> below(std::size_t index, int depth) const {
    constexpr int most_tiers = 16;
    std::set<std::string> names;
    if (depth > most_tiers) return names;
    for (const ReadDomain::Member& member : domains_[index].members)
      add(member, depth, names);
    return names;
  }

 private:
  void add(const ReadDomain::Member& member, int depth, std::set<std::string>& names) const {
    if (!member.node) {
      const auto child = by_name_.find(member.exact);
      if (child == by_name_.end()) return;
      names.merge(below(child->second, depth + 1));
    } else if (!member.exact.empty()) {
      names.insert(member.exact);
    } else if (!member.pattern.empty()) {
      for (std::string& name : matching(member.pattern, nodes_))
        names.insert(std::move(name));
    } else if (!member.labels.empty()) {
      for (const NodeClaim& node : nodes_) {
        if (passes(member.labels, node.meta.labels)) names.insert(node.meta.name);
      }
    }
  }

  const std::vector<ReadDomain>& domains_;
  const std::vector<NodeClaim>& nodes_;
  std::map<std::string, std::size_t> by_name_;
};

}  // namespace

std::vector<PlacementClaim> with_members(std::vector<ReadPlacement> placements, const Pods& pods) {
  const Binder binder(placements, pods);
  std::vector<PlacementClaim> bound;
  for (ReadPlacement& read : placements)
    binder.bind(std::move(read), bound);
  binder.bind_affinities(bound);
  return bound;
}

std::vector<NamedDomain> resolve(std::vector<ReadDomain> domains,
                                 const std::vector<NodeClaim>& nodes) {
  const Resolver resolver(domains, nodes);
  std::vector<NamedDomain> resolved;
  for (std::size_t i = 0; i < domains.size(); ++i) {
    NamedDomain domain = domains[i].domain;
    for (const std::string& name : resolver.below(i, 0))
      domain.nodes.push_back(name);
    resolved.push_back(std::move(domain));
  }
  return resolved;
}

}  // namespace plumbline::netcheck::claims
