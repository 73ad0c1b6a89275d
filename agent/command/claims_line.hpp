#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "netcheck/claims/api_source.hpp"

namespace CLI {
class App;
}

namespace plumbline::agent {

/// Which live cluster a command reads.
struct ClusterLine {
  std::filesystem::path kubeconfig;
  std::string context;
  bool in_cluster = false;
  bool named() const { return in_cluster || !kubeconfig.empty(); }
};

/// Adds --kubeconfig, --context and --in-cluster to a command.
void add_cluster_options(CLI::App& command, ClusterLine& line);

/// The API server that the line names; `clock` is borrowed. An exec plugin of the kubeconfig runs
/// only because the user named that file.
Result<std::unique_ptr<netcheck::claims::AllocationSource>> open_cluster(
    const ClusterLine& line, Clock& clock, netcheck::claims::PageSink sink = {});

}  // namespace plumbline::agent
