#include "agent/command/claims_line.hpp"

#include <CLI/CLI.hpp>

#include "core/child.hpp"
#include "netcheck/claims/api_access.hpp"

namespace plumbline::agent {
namespace {

std::string environment(const std::string& name) {
  const auto set = environment_of({name});
  return set.empty() ? "" : set.front().substr(name.size() + 1);
}

Result<netcheck::claims::ApiAccess> access_of(const ClusterLine& line) {
  if (!line.in_cluster) return netcheck::claims::load_kubeconfig(line.kubeconfig, line.context);
  return netcheck::claims::in_cluster_access(environment("KUBERNETES_SERVICE_HOST"),
                                             environment("KUBERNETES_SERVICE_PORT"), "/");
}

}  // namespace

void add_cluster_options(CLI::App& command, ClusterLine& line) {
  auto* const file =
      command.add_option("--kubeconfig", line.kubeconfig, "Read the live cluster of this file")
          ->check(CLI::ExistingFile);
  command.add_option("--context", line.context, "Context of the kubeconfig (default: its current)")
      ->needs(file);
  command
      .add_flag("--in-cluster", line.in_cluster,
                "Read the cluster that this pod runs in, by its ServiceAccount")
      ->excludes(file);
}

Result<std::unique_ptr<netcheck::claims::AllocationSource>> open_cluster(
    const ClusterLine& line, Clock& clock, netcheck::claims::PageSink sink) {
  auto access = access_of(line);
  if (!access) return tl::unexpected(std::move(access.error()));
  return netcheck::claims::open_api(std::move(*access), clock, std::move(sink));
}

}  // namespace plumbline::agent
