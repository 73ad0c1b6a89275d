#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/result.hpp"
#include "netcheck/claims/workloads/render.hpp"

namespace plumbline::netcheck::claims {

/// The DaemonSet of deploy/kubernetes/overlays/prober, from the same files (they are put into the
/// program when it is built): its patch merged by names as kustomize does. Nothing of any run.
/// Pure.
Result<nlohmann::json> prober_daemon_set();

/// The same as a run makes it: named plumbline-RUN-agents, with the run's labels, image and
/// tolerations, its TLS from plumbline-RUN-agents-tls, no account, on the nodes that the selector
/// "KEY=VALUE,..." names (empty: all). Errors: a selector of another form. Pure.
Result<nlohmann::json> agents_object(const RunSpec& run, const std::string& node_selector);

/// The Secret of these agents. Pure.
nlohmann::json agents_secret(const RunSpec& run, const PodSecrets& secrets);

}  // namespace plumbline::netcheck::claims
