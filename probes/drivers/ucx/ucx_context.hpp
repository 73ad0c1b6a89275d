#pragma once

#include <ucp/api/ucp.h>

#include <memory>
#include <string>

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

/// A context that knows TCP over `device` and no other transport or device, by its configuration
/// and not by the environment.
Result<UcxContext> open_context(const std::string& device);

/// A worker of that context, for one thread.
Result<UcxWorker> open_worker(ucp_context_h context);

}  // namespace plumbline::probes
