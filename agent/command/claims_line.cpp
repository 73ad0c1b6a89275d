#include "agent/command/claims_line.hpp"

#include <CLI/CLI.hpp>

namespace plumbline::agent {

void add_cluster_options(CLI::App& command, ClusterPlace& place) {
  auto* const file =
      command.add_option("--kubeconfig", place.kubeconfig, "Read the live cluster of this file")
          ->check(CLI::ExistingFile);
  command
      .add_option("--context", place.context, "Context of the kubeconfig (default: its current)")
      ->needs(file);
  command
      .add_flag("--in-cluster", place.in_cluster,
                "Read the cluster that this pod runs in, by its ServiceAccount")
      ->excludes(file);
}

}  // namespace plumbline::agent
