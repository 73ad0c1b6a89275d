#pragma once

#include <string>
#include <vector>

namespace plumbline::netcheck {

/// A node that has both: a measured cluster and a label.
struct PlacedNode {
  std::string node;
  int cluster = 0;
  std::string label;
};

/// Which clusters bear which labels when as few labels as possible lie.
struct Assignment {
  std::vector<std::string> label_of;  ///< by cluster; empty: no label is left for it. The first of
                                      ///< the best assignments
  std::vector<std::string> liars;     ///< nodes whose label lies in every best assignment
  std::vector<std::vector<std::string>> open;  ///< sets of nodes of which some lie, and which
                                               ///< cannot be told
};

/// The best one-to-one assignments of labels to clusters 0..clusters-1. Clusters that share no
/// label are independent; up to 8 entangled clusters are searched whole, more are assigned greedily
/// by the largest overlap.
Assignment assign_labels(const std::vector<PlacedNode>& nodes, int clusters);

}  // namespace plumbline::netcheck
