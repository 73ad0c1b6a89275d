#include "probes/drivers/ucx/ucx_context.hpp"

namespace plumbline::probes {

namespace {

struct ConfigRelease {
  void operator()(ucp_config_t* config) const { ucp_config_release(config); }
};

ErrorCode code_of(ucs_status_t status) {
  switch (status) {
    case UCS_ERR_NO_DEVICE:
    case UCS_ERR_UNREACHABLE:
    case UCS_ERR_CONNECTION_RESET:
    case UCS_ERR_ENDPOINT_TIMEOUT:
    case UCS_ERR_NOT_CONNECTED:
    case UCS_ERR_REJECTED:
    case UCS_ERR_IO_ERROR:
      return ErrorCode::unavailable;
    case UCS_ERR_TIMED_OUT:
      return ErrorCode::deadline_exceeded;
    case UCS_ERR_INVALID_ADDR:
    case UCS_ERR_INVALID_PARAM:
      return ErrorCode::invalid_input;
    default:
      return ErrorCode::internal;
  }
}

}  // namespace

Status check(ucs_status_t status, const std::string& doing) {
  if (status == UCS_OK) return {};
  return fail(code_of(status), doing + ": UCX says: " + ucs_status_string(status));
}

Result<UcxContext> open_context(const UcxSettings& settings, const std::string& what) {
  ucp_config_t* raw = nullptr;
  if (auto read = check(ucp_config_read(nullptr, nullptr, &raw), "reading UCX's configuration");
      !read) {
    return tl::unexpected(read.error());
  }
  const std::unique_ptr<ucp_config_t, ConfigRelease> config(raw);
  for (const auto& [name, value] : settings) {
    auto set = check(ucp_config_modify(config.get(), name.c_str(), value.c_str()),
                     "setting UCX's " + name + " to " + value);
    if (!set) return tl::unexpected(set.error());
  }
  ucp_params_t params{};
  params.field_mask = UCP_PARAM_FIELD_FEATURES | UCP_PARAM_FIELD_MT_WORKERS_SHARED;
  params.features = UCP_FEATURE_STREAM | UCP_FEATURE_WAKEUP;
  params.mt_workers_shared = 1;
  ucp_context_h context = nullptr;
  auto opened = check(ucp_init(&params, config.get(), &context), "opening UCX over " + what);
  if (!opened) return tl::unexpected(opened.error());
  return UcxContext(context);
}

Result<UcxWorker> open_worker(ucp_context_h context) {
  ucp_worker_params_t params{};
  params.field_mask = UCP_WORKER_PARAM_FIELD_THREAD_MODE;
  params.thread_mode = UCS_THREAD_MODE_SINGLE;
  ucp_worker_h worker = nullptr;
  auto made = check(ucp_worker_create(context, &params, &worker), "making a UCX worker");
  if (!made) return tl::unexpected(made.error());
  return UcxWorker(worker);
}

}  // namespace plumbline::probes
