#include "netcheck/rules/placement.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/quote.hpp"
#include "netcheck/rules/spread.hpp"

namespace plumbline::netcheck {
namespace {

class Judge {
 public:
  Judge(const ClaimIndex& index, const Gang& gang, const std::string& rule)
      : index_(&index), gang_(&gang), claim_(gang.claim) {
    finding_.rule = rule;
    finding_.tier = "A";
    finding_.subject = {"gang", gang.name, "", ""};
    finding_.claim = quote_gang(*claim_, false);
  }

  Finding judge() {
    if (!claim_->admitted) {
      return unseen("its " + claim_->kind + " is not admitted yet");
    }
    switch (claim_->form) {
      case PlacementForm::one_domain:
        return one_domain();
      case PlacementForm::exclusive:
        return exclusive();
      case PlacementForm::slices:
        return slices();
      case PlacementForm::assigned:
        return assigned();
      case PlacementForm::tier:
        return tier();
    }
    return unseen("its form is not known");
  }

 private:
  Finding end(Verdict verdict, const std::string& message, const std::string& next) {
    finding_.verdict = verdict;
    finding_.message = "Gang " + gang_->name + " " + message + ".";
    finding_.next_step = next;
    return std::move(finding_);
  }

  Finding unseen(const std::string& reason) {
    finding_.verdict = Verdict::unobservable;
    finding_.message = "Whether gang " + gang_->name + " is placed as it asked (" +
                       finding_.claim->path + " " + finding_.claim->value +
                       ") cannot be told: " + reason + ".";
    finding_.next_step =
        "Settle what is missing (unbound pods, labels, objects not read) and run again.";
    return std::move(finding_);
  }

  /// What was read says nothing against the claim, but does not show everything: `lacks` may be
  /// there and break it.
  Finding unshown(const std::string& shown, const std::string& kind, const std::string& lacks) {
    Finding finding = unseen("by what was read it " + shown + ", but " + lacks);
    finding.next_step = how_to_read(kind);
    return finding;
  }

  /// Why members may be there that were not read; empty: all were.
  std::string unread_members() const {
    return unread(*index_->facts().claims, "Pod", claim_->meta.name_space);
  }

  /// What the claim is broken by: a fault when it was required, a wish otherwise.
  Finding broken(const std::string& message) {
    const bool required = claim_->required;
    return end(required ? Verdict::violation : Verdict::preference_not_met,
               (required ? "requires " : "prefers ") + message,
               required ? "Delete and schedule the gang again when one " +
                              claim_->one_domain.value_or("domain") +
                              " has room for it; find out who bound it (a scheduler that knows no "
                              "gangs, or a hand)."
                        : "Nothing is broken; for full speed schedule the gang again when one "
                          "domain has room.");
  }

  Finding one_domain() {
    const std::string& label = *claim_->one_domain;
    const Spread spread = spread_of(*index_, *gang_, label);
    finding_.evidence = spread.evidence;
    if (spread.domains.size() > 1) {
      return broken("one " + label + ", but its pods are in " +
                    std::to_string(spread.domains.size()) + ": " + text_of(spread));
    }
    if (const auto reason = unseen_in(spread, label); !reason.empty()) return unseen(reason);
    if (const auto lacks = unread_members(); !lacks.empty())
      return unshown("is in one " + label + ": " + text_of(spread), "Pod", lacks);
    return end(Verdict::match, "is in one " + label + " as it asked: " + text_of(spread),
               "Nothing to do.");
  }

  /// Somebody of another job of the same kind in the domain; empty when nobody.
  std::string stranger_in(const std::string& label, const std::string& value) const {
    std::set<const PodClaim*> own(gang_->members.begin(), gang_->members.end());
    for (const NodeClaim* node : index_->nodes_in(label, value)) {
      for (const PodClaim* pod : index_->on_node(node->meta.name)) {
        const bool other = own.count(pod) == 0 && !ended(*pod) && in_a_set(*pod);
        if (other) return full_name(pod->meta) + " on " + pod->node;
      }
    }
    return {};
  }

  static bool in_a_set(const PodClaim& pod) {
    return pod.meta.labels.count("jobset.sigs.k8s.io/jobset-name") > 0 ||
           pod.meta.labels.count("leaderworkerset.sigs.k8s.io/name") > 0;
  }

  Finding exclusive() {
    const std::string& label = *claim_->one_domain;
    const Spread spread = spread_of(*index_, *gang_, label);
    finding_.evidence = spread.evidence;
    if (spread.domains.size() > 1) {
      return broken("one " + label + " for itself, but its pods are in " +
                    std::to_string(spread.domains.size()) + ": " + text_of(spread));
    }
    if (const auto reason = unseen_in(spread, label); !reason.empty()) return unseen(reason);
    const std::string& value = spread.domains.begin()->first;
    const std::string stranger = stranger_in(label, value);
    if (!stranger.empty()) {
      finding_.evidence.push_back({"pods in " + label + " " + value, stranger, ""});
      return broken(label + " " + value + " for itself, but " + stranger + " is in it too");
    }
    for (const char* const kind : {"Pod", "Node"}) {
      const std::string lacks = unread(*index_->facts().claims, kind);
      if (!lacks.empty()) return unshown("has " + label + " " + value + " for itself", kind, lacks);
    }
    return end(Verdict::match, "has " + label + " " + value + " for itself as it asked",
               "Nothing to do.");
  }

  Finding slices() {
    const std::string& label = *claim_->one_domain;
    const Spread spread = spread_of(*index_, *gang_, label);
    finding_.evidence = spread.evidence;
    if (const auto reason = unseen_in(spread, label); !reason.empty()) return unseen(reason);
    if (claim_->slice_size <= 0) return unseen("its slice size is not known");
    const auto ranks = by_rank(*gang_);
    if (ranks.empty()) return whole_slices(spread, label);
    std::map<std::int64_t, std::set<std::string>> domains;
    for (const auto& [value, pods] : spread.domains) {
      for (const PodClaim* pod : pods)
        domains[(*pod->rank - claim_->first_rank) / claim_->slice_size].insert(value);
    }
    for (const auto& [slice, values] : domains) {
      if (values.size() < 2) continue;
      return broken("each " + std::to_string(claim_->slice_size) + " pods in one " + label +
                    ", but slice " + std::to_string(slice) + " is in " +
                    listed({values.begin(), values.end()}));
    }
    const std::string kept =
        "has each slice of " + std::to_string(claim_->slice_size) + " in one " + label;
    if (const auto lacks = unread_members(); !lacks.empty()) return unshown(kept, "Pod", lacks);
    return end(Verdict::match, kept + " as it asked", "Nothing to do.");
  }

  /// Without ranks only the numbers can be looked at: whole slices fit in each domain.
  Finding whole_slices(const Spread& spread, const std::string& label) {
    if (const auto lacks = unread_members(); !lacks.empty())
      return unshown("has " + std::to_string(spread.living) + " pods without a rank", "Pod", lacks);
    for (const auto& [value, pods] : spread.domains) {
      if (pods.size() % static_cast<std::size_t>(claim_->slice_size) == 0) continue;
      return broken("slices of " + std::to_string(claim_->slice_size) + " in one " + label +
                    ", but " + value + " has " + std::to_string(pods.size()) + " of its pods");
    }
    return unseen("its pods carry no rank, only their numbers fit");
  }

  /// A node's values at the assignment's levels; nothing when a label is missing.
  std::optional<std::vector<std::string>> values_at(const PodClaim& pod) const {
    const NodeClaim* node = index_->node(pod.node);
    if (node == nullptr) return std::nullopt;
    std::vector<std::string> values;
    for (const std::string& level : claim_->levels) {
      const auto found = node->meta.labels.find(level);
      if (found == node->meta.labels.end()) return std::nullopt;
      values.push_back(found->second);
    }
    return values;
  }

  Finding assigned() {
    if (claim_->assigned.empty()) return unseen("its topology assignment is empty");
    const Spread spread = spread_of(*index_, *gang_, claim_->levels.back());
    finding_.evidence = spread.evidence;
    if (const auto reason = unseen_in(spread, claim_->levels.back()); !reason.empty())
      return unseen(reason);
    std::map<std::vector<std::string>, std::int64_t> there;
    for (const PodClaim* pod : gang_->members) {
      if (ended(*pod)) continue;
      const auto values = values_at(*pod);
      if (!values) return unseen("a level's label is missing on " + pod->node);
      ++there[*values];
    }
    for (const AssignedDomain& domain : claim_->assigned) {
      const auto found = there.find(domain.values);
      const std::int64_t got = found == there.end() ? 0 : found->second;
      if (got > domain.count) return misplaced(domain, got);
      if (found != there.end()) there.erase(found);
    }
    if (!there.empty()) {
      return moved("pods in " + listed(there.begin()->first) + ", which it was not assigned");
    }
    return ranked();
  }

  Finding misplaced(const AssignedDomain& domain, std::int64_t got) {
    return moved(std::to_string(got) + " pods in " + listed(domain.values) +
                 ", where it was "
                 "assigned " +
                 std::to_string(domain.count));
  }

  /// The assignment was right when it was made; lost nodes mean that it drifted since.
  Finding moved(const std::string& message) {
    if (claim_->lost_nodes.empty()) {
      return end(Verdict::violation, "has " + message,
                 "Find out who bound the pod: it is not where its admission says.");
    }
    return end(
        Verdict::drift,
        "has " + message + "; its workload calls " + listed(claim_->lost_nodes) + " unhealthy",
        "Schedule the gang again, or wait until its scheduler has replaced the node.");
  }

  /// Ranks fill the domains in their order.
  Finding ranked() {
    const auto ranks = by_rank(*gang_);
    std::string note;
    if (ranks.empty()) note = "; its pods carry no rank";
    std::int64_t first = claim_->first_rank;
    for (const AssignedDomain& domain : claim_->assigned) {
      for (std::int64_t rank = first; rank < first + domain.count; ++rank) {
        const auto found = ranks.find(rank);
        if (found == ranks.end()) continue;
        const auto values = values_at(*found->second);
        if (values && *values != domain.values) {
          return end(Verdict::violation,
                     "has rank " + std::to_string(rank) + " in " + listed(*values) +
                         ", where the order of its assignment puts it in " + listed(domain.values),
                     "Numbers of pods fit, but neighbours in rank are not neighbours in the "
                     "topology; look at the scheduler's rank ordering.");
        }
      }
      first += domain.count;
    }
    const auto lacks = all_there() ? std::string() : unread_members();
    if (!lacks.empty()) return unshown(kept(), "Pod", lacks);
    return end(Verdict::match, kept() + note, "Nothing to do.");
  }

  std::int64_t assigned_pods() const {
    std::int64_t wanted = 0;
    for (const AssignedDomain& domain : claim_->assigned)
      wanted += domain.count;
    return wanted;
  }

  std::int64_t living_pods() const {
    return std::count_if(gang_->members.begin(), gang_->members.end(),
                         [](const PodClaim* pod) { return !ended(*pod); });
  }

  bool all_there() const { return living_pods() >= assigned_pods(); }

  /// That the assignment was kept, and by how many: a part of a gang fills a part of its domains.
  std::string kept() const {
    const std::size_t count = claim_->assigned.size();
    const std::string domains =
        count == 1 ? "the domain that it was assigned"
                   : "the " + std::to_string(count) + " domains that it was assigned";
    if (all_there()) return "is in " + domains + ", with the numbers of pods assigned";
    return "has " + std::to_string(living_pods()) + " of " + std::to_string(assigned_pods()) +
           " assigned pods, none of them outside " + domains + " or beyond its number there";
  }

  /// Why a smaller HyperNode may hold these nodes than those that were read; empty: none may.
  std::string unread_domains(const std::set<std::string>& nodes) const {
    const AllocationView& view = *index_->facts().claims;
    if (std::string lacks = unread(view, "HyperNode"); !lacks.empty()) return lacks;
    std::set<std::string> held;
    for (const NamedDomain& domain : view.domains)
      held.insert(domain.nodes.begin(), domain.nodes.end());
    for (const std::string& node : nodes) {
      // HyperNodes take nodes by pattern and label too: for that the Node itself must be read.
      if (index_->node(node) == nullptr && held.count(node) == 0)
        return "Node " + node + " was not read";
    }
    return {};
  }

  Finding tier() {
    std::set<std::string> nodes;
    for (const PodClaim* pod : gang_->members) {
      if (ended(*pod)) continue;
      finding_.evidence.push_back(
          {"Pod " + full_name(pod->meta) + " spec.nodeName", pod->node, ""});
      if (pod->node.empty()) return unseen(full_name(pod->meta) + " not bound to a node");
      nodes.insert(pod->node);
    }
    if (nodes.empty()) return unseen("no living pod of it was read");
    const NamedDomain* common = nullptr;
    for (const NamedDomain& domain : index_->facts().claims->domains) {
      const std::set<std::string> below(domain.nodes.begin(), domain.nodes.end());
      const bool holds = std::includes(below.begin(), below.end(), nodes.begin(), nodes.end());
      if (holds && (common == nullptr || domain.tier < common->tier)) common = &domain;
    }
    if (index_->facts().claims->domains.empty()) return unseen("no HyperNode was read");
    const std::string asked = "tier " + std::to_string(*claim_->tier) + " or lower";
    const bool kept = common != nullptr && common->tier <= *claim_->tier;
    const std::string lacks = kept ? unread_members() : unread_domains(nodes);
    if (!lacks.empty()) {
      return unshown(
          kept ? "is in HyperNode " + common->meta.name : "is in no HyperNode of " + asked,
          kept ? "Pod" : "HyperNode", lacks);
    }
    if (common == nullptr) {
      return broken(asked + ", but no HyperNode holds all of " +
                    listed({nodes.begin(), nodes.end()}));
    }
    const std::string got =
        "HyperNode " + common->meta.name + " of tier " + std::to_string(common->tier);
    finding_.evidence.push_back(
        {"HyperNode " + common->meta.name, "tier " + std::to_string(common->tier), ""});
    if (common->tier > *claim_->tier) return broken(asked + ", but only " + got + " holds it");
    return end(Verdict::match, "is in " + got + ", and asked for " + asked, "Nothing to do.");
  }

  const ClaimIndex* index_;
  const Gang* gang_;
  const PlacementClaim* claim_;
  Finding finding_;
};

}  // namespace

bool is_x10_kind(const std::string& kind) {
  return kind == "PodGroup" || kind == "Workload.kueue.x-k8s.io";
}

std::optional<Finding> judge_placement(const ClaimIndex& index, const Gang& gang,
                                       const std::string& rule) {
  const PlacementClaim& claim = *gang.claim;
  const bool places = claim.one_domain || claim.form == PlacementForm::assigned ||
                      claim.form == PlacementForm::tier;
  if (!places || all_ended(gang)) return std::nullopt;
  return Judge(index, gang, rule).judge();
}

}  // namespace plumbline::netcheck
