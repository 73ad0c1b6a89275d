#include "probes/drivers/verbs/handles.hpp"

#include <sys/resource.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "core/files.hpp"

namespace plumbline::probes {

namespace {

/// "; the limit of locked memory is 64 KiB" when there is one.
std::string memlock_hint() {
  rlimit limit{};
  if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return {};
  return "; the limit of locked memory is " + std::to_string(limit.rlim_cur) +
         " bytes: raise memlock or give CAP_IPC_LOCK";
}

/// The library leaves a device without its node out of its list: why is for us to find.
std::string why_unknown(const std::string& name) {
  const FileTree root("/");
  const std::string known = "sys/class/infiniband_verbs";
  for (const auto& node : root.list(known).value_or(std::vector<std::string>{})) {
    if (root.read(known + "/" + node + "/ibdev").value_or("") != name) continue;
    if (root.exists("dev/infiniband/" + node)) {
      return "libibverbs does not know " + name +
             ": the provider library of its driver is missing (package ibverbs-providers)";
    }
    return "/dev/infiniband/" + node + " is missing: no process here can open " + name;
  }
  return "no uverbs node belongs to " + name + ": module ib_uverbs is not loaded";
}

Result<Handle<ibv_context>> open_listed(ibv_device* device, const std::string& name) {
  const std::string node = std::string("/dev/infiniband/") + device->dev_name;
  errno = 0;
  Handle<ibv_context> context(ibv_open_device(device));
  if (context) return context;
  return fail_errno(errno == 0 ? EIO : errno, "opening " + name + " by " + node);
}

}  // namespace

Result<Handle<ibv_context>> open_device(const std::string& name) {
  int count = 0;
  ibv_device** list = ibv_get_device_list(&count);
  if (list == nullptr) return fail_errno(errno, "listing RDMA devices");
  Result<Handle<ibv_context>> opened = fail(ErrorCode::not_found, why_unknown(name));
  for (int i = 0; i < count; ++i) {
    if (name == ibv_get_device_name(list[i])) opened = open_listed(list[i], name);
  }
  ibv_free_device_list(list);
  return opened;
}

tl::unexpected<Error> verbs_failed(int error_number, const std::string& doing) {
  auto failure = fail_errno(error_number == 0 ? EIO : error_number, doing);
  if (error_number == ENOMEM || error_number == EAGAIN) failure.value().message += memlock_hint();
  return failure;
}

}  // namespace plumbline::probes
