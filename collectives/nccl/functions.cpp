#include "collectives/nccl/functions.hpp"

#include <dlfcn.h>

namespace plumbline::collectives {
namespace {

constexpr int kOldest = 21800;

template <typename Function>
void find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
}

/// Binds what every supported version has; the first name that is missing, or null.
const char* find_needed(void* library, NcclFunctions& call) {
  const char* missing = nullptr;
  const auto need = [&](const char* name, auto& function) {
    find(library, name, function);
    if (function == nullptr && missing == nullptr) missing = name;
  };
  need("ncclGetVersion", call.get_version);
  need("ncclGetUniqueId", call.get_unique_id);
  need("ncclCommInitRankConfig", call.init_rank);
  need("ncclCommSplit", call.split);
  need("ncclCommDestroy", call.destroy);
  need("ncclCommAbort", call.abort);
  need("ncclCommGetAsyncError", call.async_error);
  need("ncclGetErrorString", call.error_string);
  need("ncclGetLastError", call.last_error);
  need("ncclRedOpCreatePreMulSum", call.create_scaled_sum);
  need("ncclRedOpDestroy", call.destroy_reduction);
  need("ncclAllReduce", call.all_reduce);
  need("ncclReduce", call.reduce);
  need("ncclReduceScatter", call.reduce_scatter);
  need("ncclAllGather", call.all_gather);
  need("ncclBroadcast", call.broadcast);
  need("ncclSend", call.send);
  need("ncclRecv", call.receive);
  need("ncclGroupStart", call.group_start);
  need("ncclGroupEnd", call.group_end);
  return missing;
}

void find_newer(void* library, NcclFunctions& call) {
  find(library, "ncclMemAlloc", call.mem_alloc);
  find(library, "ncclMemFree", call.mem_free);
  find(library, "ncclCommRegister", call.register_buffer);
  find(library, "ncclCommDeregister", call.deregister_buffer);
  find(library, "ncclCommWindowRegister", call.register_window);
  find(library, "ncclCommWindowDeregister", call.deregister_window);
  find(library, "ncclAlltoAll", call.all_to_all);
}

}  // namespace

Result<NcclLibrary> load_nccl(const std::string& path) {
  NcclLibrary nccl;
  nccl.path = path.empty() ? "libnccl.so.2" : path;
  void* const library = ::dlopen(nccl.path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* const why = ::dlerror();
    return fail(ErrorCode::unavailable,
                "no NCCL: " + std::string(why != nullptr ? why : nccl.path));
  }
  find(library, "ncclGetVersion", nccl.call.get_version);
  if (nccl.call.get_version == nullptr || nccl.call.get_version(&nccl.version) != ncclSuccess)
    return fail(ErrorCode::unavailable, nccl.path + " does not tell its version");
  if (nccl.version < kOldest)
    return fail(ErrorCode::unavailable,
                "NCCL " + nccl_version_text(nccl.version) + " is older than 2.18");
  if (const char* const missing = find_needed(library, nccl.call))
    return fail(ErrorCode::unavailable, nccl.path + " has no " + missing);
  find_newer(library, nccl.call);
  return nccl;
}

std::string nccl_version_text(int version) {
  const int major = version >= 10000 ? version / 10000 : version / 1000;
  const int minor = version >= 10000 ? version / 100 % 100 : version / 100 % 10;
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(version % 100);
}

}  // namespace plumbline::collectives
