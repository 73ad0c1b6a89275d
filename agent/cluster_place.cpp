#include "agent/cluster_place.hpp"

#include "core/child.hpp"
#include "netcheck/claims/api_access.hpp"

namespace plumbline::agent {
namespace {

std::string environment(const std::string& name) {
  const auto set = environment_of({name});
  return set.empty() ? "" : set.front().substr(name.size() + 1);
}

}  // namespace

Result<netcheck::claims::ApiAccess> access_to(const ClusterPlace& place) {
  if (!place.in_cluster) return netcheck::claims::load_kubeconfig(place.kubeconfig, place.context);
  return netcheck::claims::in_cluster_access(environment("KUBERNETES_SERVICE_HOST"),
                                        environment("KUBERNETES_SERVICE_PORT"), "/");
}

Result<std::unique_ptr<netcheck::claims::AllocationSource>> open_cluster(
    const ClusterPlace& place, Clock& clock, netcheck::claims::PageSink sink) {
  auto access = access_to(place);
  if (!access) return tl::unexpected(std::move(access.error()));
  return netcheck::claims::open_api(std::move(*access), clock, std::move(sink));
}

}  // namespace plumbline::agent
