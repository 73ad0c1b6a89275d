#include "probes/drivers/verbs/handles.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sstream>
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

/// "; the rdma cgroup allows rxe1 hca_object=2" when there is a limit for this process.
std::string cgroup_hint() {
  const FileTree root("/");
  std::istringstream lines(root.read("proc/self/cgroup").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("0::/", 0) != 0) continue;
    const auto limits = root.read("sys/fs/cgroup" + line.substr(3) + "/rdma.max");
    if (!limits || limits->find_first_of("0123456789", limits->find('=')) == std::string::npos)
      return {};
    std::string words = *limits;
    std::replace(words.begin(), words.end(), '\n', ',');
    return "; this process's rdma cgroup allows " + words;
  }
  return {};
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
  if (error_number == ENOMEM) failure.value().message += memlock_hint();
  if (error_number == EAGAIN) failure.value().message += cgroup_hint();
  return failure;
}

}  // namespace plumbline::probes
