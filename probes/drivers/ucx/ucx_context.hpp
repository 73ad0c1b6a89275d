#pragma once

#include <ucp/api/ucp.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/result.hpp"

namespace plumbline::probes {

/// Frees UCX's own handles.
struct UcxContextCleanup {
  void operator()(ucp_context_h context) const { ucp_cleanup(context); }
};
struct UcxWorkerCleanup {
  void operator()(ucp_worker_h worker) const { ucp_worker_destroy(worker); }
};
using UcxContext = std::unique_ptr<std::remove_pointer_t<ucp_context_h>, UcxContextCleanup>;
using UcxWorker = std::unique_ptr<std::remove_pointer_t<ucp_worker_h>, UcxWorkerCleanup>;

/// Success, or UCX's word for what happened while `doing`.
Status check(ucs_status_t status, const std::string& doing);

/// A context's configuration: UCX's names without "UCX_", values.
using UcxSettings = std::vector<std::pair<std::string, std::string>>;

/// A context that is configured so, and not by the environment; `what` for errors: "tcp on ens1".
Result<UcxContext> open_context(const UcxSettings& settings, const std::string& what);

/// A worker of that context, for one thread.
Result<UcxWorker> open_worker(ucp_context_h context);

}  // namespace plumbline::probes
