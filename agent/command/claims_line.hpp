#pragma once

#include "agent/cluster_place.hpp"

namespace CLI {
class App;
}

namespace plumbline::agent {

/// Adds --kubeconfig, --context and --in-cluster to a command.
void add_cluster_options(CLI::App& command, ClusterPlace& place);

}  // namespace plumbline::agent
