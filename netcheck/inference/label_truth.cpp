#include "netcheck/inference/label_truth.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "netcheck/expectations/rates.hpp"
#include "netcheck/expectations/thresholds.hpp"
#include "netcheck/inference/assignment.hpp"
#include "netcheck/lookup.hpp"

namespace plumbline::netcheck {
namespace {

/// Labels by node index; empty where there is none.
std::vector<std::string> labels_of(const Facts& facts, const Edges& edges) {
  std::vector<std::string> labels;
  for (const std::string& node : edges.nodes) {
    labels.push_back(labelled_rack(facts, node).value_or(""));
  }
  return labels;
}

/// Clusters of a level that share a label and that nothing proves apart become one: the doubt is
/// the label's.
Level merged(Level level, const std::vector<std::string>& labels) {
  const auto merge = [&](int one, int other) {
    for (int& cluster : level.cluster_of)
      cluster = cluster == other ? one : cluster;
    std::set<std::pair<int, int>> apart;
    for (auto [first, second] : level.apart) {
      first = first == other ? one : first;
      second = second == other ? one : second;
      if (first != second) apart.insert({std::min(first, second), std::max(first, second)});
    }
    level.apart = apart;
  };
  for (std::size_t a = 0; a < labels.size(); ++a) {
    for (std::size_t b = a + 1; b < labels.size(); ++b) {
      const int one = std::min(level.cluster_of[a], level.cluster_of[b]);
      const int other = std::max(level.cluster_of[a], level.cluster_of[b]);
      if (labels[a].empty() || labels[a] != labels[b] || one < 0 || one == other) continue;
      if (level.apart.count({one, other}) == 0) merge(one, other);
    }
  }
  return level;
}

/// The nodes of a level that have both a cluster and a label.
std::vector<PlacedNode> placed(const Edges& edges, const Level& level,
                               const std::vector<std::string>& labels) {
  std::vector<PlacedNode> nodes;
  for (std::size_t node = 0; node < labels.size(); ++node) {
    if (level.cluster_of[node] < 0 || labels[node].empty()) continue;
    nodes.push_back({edges.nodes[node], level.cluster_of[node], labels[node]});
  }
  return nodes;
}

/// How the labels' partition lies to the clusters'.
struct Relation {
  bool laminar = true;         ///< no label and cluster overlap without one holding the other
  bool label_split = false;    ///< some label has nodes in several clusters
  bool cluster_split = false;  ///< some cluster has nodes of several labels
};

Relation relate(const std::vector<PlacedNode>& nodes) {
  std::map<std::string, std::set<int>> clusters;
  std::map<int, std::set<std::string>> labels;
  for (const PlacedNode& node : nodes) {
    clusters[node.label].insert(node.cluster);
    labels[node.cluster].insert(node.label);
  }
  Relation relation;
  for (const PlacedNode& node : nodes) {
    const bool label_split = clusters[node.label].size() > 1;
    const bool cluster_split = labels[node.cluster].size() > 1;
    relation.label_split = relation.label_split || label_split;
    relation.cluster_split = relation.cluster_split || cluster_split;
    if (label_split && cluster_split) relation.laminar = false;
  }
  return relation;
}

/// True when two nodes of different labels reach more than the uplinks between their racks carry.
bool beats_an_uplink(const Facts& facts, const Edges& edges,
                     const std::vector<std::string>& labels) {
  return std::any_of(edges.edges.begin(), edges.edges.end(), [&](const Edge& edge) {
    const std::string& one = labels[edge.a];
    const std::string& other = labels[edge.b];
    if (one.empty() || other.empty() || one == other) return false;
    return std::any_of(edge.rails.begin(), edge.rails.end(), [&](const auto& rail) {
      const auto first = hop_rate(facts, {ComponentKind::uplink, one, rail.first}, false);
      const auto second = hop_rate(facts, {ComponentKind::uplink, other, rail.first}, false);
      if (!first || !second) return false;
      const double least = std::min(first->rate.value, second->rate.value);
      return rail.second.value.value > kImpossible * least;
    });
  });
}

void conclude(LabelTruth& truth, LabelAnswer answer, const Level& level,
              const std::vector<PlacedNode>& nodes) {
  const Assignment assignment = assign_labels(nodes, level.clusters);
  truth.answer = answer;
  truth.cut = level.cut;
  if (answer == LabelAnswer::violation) {
    truth.liars = assignment.liars;
    truth.open = assignment.open;
  }
  for (std::size_t node = 0; node < truth.edges.nodes.size(); ++node) {
    const int cluster = level.cluster_of[node];
    if (cluster < 0) {
      truth.unplaced.push_back(truth.edges.nodes[node]);
      continue;
    }
    const std::string& label = assignment.label_of[static_cast<std::size_t>(cluster)];
    truth.measured[truth.edges.nodes[node]] =
        label.empty() ? "measured rack " + std::to_string(cluster + 1) : label;
  }
}

/// A level with what its nodes' labels look like there.
struct View {
  Level level;
  std::vector<PlacedNode> nodes;
  Relation relation;
};

/// Decides by the levels, finest first; nothing when none decides.
void decide(const Facts& facts, const std::vector<std::string>& labels, LabelTruth& truth) {
  std::vector<View> views;
  for (const Level& level : levels_of(truth.edges)) {
    View view{merged(level, labels), {}, {}};
    view.nodes = placed(truth.edges, view.level, labels);
    view.relation = relate(view.nodes);
    const Relation& relation = view.relation;
    if (!relation.laminar) return conclude(truth, LabelAnswer::violation, view.level, view.nodes);
    if (!relation.label_split && !relation.cluster_split && !view.level.apart.empty()) {
      return conclude(truth, LabelAnswer::match, view.level, view.nodes);
    }
    views.push_back(std::move(view));
  }
  if (views.empty()) {
    truth.reason = "nothing in the measured goodputs separates the nodes into racks";
    return;
  }
  const bool beaten = beats_an_uplink(facts, truth.edges, labels);
  const View& finest = views.front();
  if (finest.relation.cluster_split && beaten) {
    return conclude(truth, LabelAnswer::violation, finest.level, finest.nodes);
  }
  const View& coarsest = views.back();
  if (coarsest.relation.label_split) {
    return conclude(truth, LabelAnswer::violation, coarsest.level, coarsest.nodes);
  }
  truth.reason = "some racks by label are not separated from each other by the measured goodputs";
}

}  // namespace

LabelTruth label_truth(const Facts& facts) {
  LabelTruth truth;
  if (facts.fabric.rack_label.empty()) return truth;
  truth.answer = LabelAnswer::unobservable;
  if (!facts.claims) {
    truth.reason = "the claims could not be read: " + facts.claims_problem;
    return truth;
  }
  truth.edges = edges_of(facts);
  const std::vector<std::string> labels = labels_of(facts, truth.edges);
  for (std::size_t node = 0; node < labels.size(); ++node) {
    if (labels[node].empty()) truth.unlabelled.push_back(truth.edges.nodes[node]);
  }
  if (truth.unlabelled.size() == labels.size()) {
    truth.reason = "no node has the label " + facts.fabric.rack_label;
    return truth;
  }
  decide(facts, labels, truth);
  return truth;
}

Racks effective_racks(const Facts& facts, const LabelTruth& truth) {
  Racks racks = labelled_racks(facts);
  std::set<std::string> doubted(truth.liars.begin(), truth.liars.end());
  for (const auto& set : truth.open)
    doubted.insert(set.begin(), set.end());
  doubted.insert(truth.unlabelled.begin(), truth.unlabelled.end());
  for (const std::string& node : doubted) {
    const auto measured = truth.measured.find(node);
    if (measured == truth.measured.end()) continue;
    const auto label = racks.of.find(node);
    if (label != racks.of.end() && label->second == measured->second) continue;
    racks.notes[node] = node + " counts for " + measured->second + ", where it was measured; " +
                        (label == racks.of.end() ? std::string("it has no rack label")
                                                 : "its label says " + label->second);
    racks.of[node] = measured->second;
  }
  return racks;
}

bool racks_should_separate(const Facts& facts) {
  const auto& rails = facts.fabric.rails;
  return std::any_of(rails.begin(), rails.end(), [](const DeclaredRail& rail) {
    constexpr double narrower = 1.25;
    return rail.nic_rate && rail.uplink_rate &&
           rail.uplink_rate->value * narrower <= rail.nic_rate->value;
  });
}

}  // namespace plumbline::netcheck
