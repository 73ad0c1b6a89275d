#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "netcheck/claims/api_source.hpp"

namespace plumbline::agent {

/// Which live cluster is read.
struct ClusterPlace {
  std::filesystem::path kubeconfig;
  std::string context;      ///< of the kubeconfig; empty: its current one
  bool in_cluster = false;  ///< the cluster that this pod runs in, by its ServiceAccount
  bool named() const { return in_cluster || !kubeconfig.empty(); }
};

/// How its API server is reached. Errors name the file, or what is missing in the pod.
Result<netcheck::claims::ApiAccess> access_to(const ClusterPlace& place);

/// Its claims; `clock` is borrowed. An exec plugin of the kubeconfig runs only because the user
/// named that file.
Result<std::unique_ptr<netcheck::claims::AllocationSource>> open_cluster(
    const ClusterPlace& place, Clock& clock, netcheck::claims::PageSink sink = {});

}  // namespace plumbline::agent
