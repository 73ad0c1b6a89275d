#include "probes/drivers/cuda/functions.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <vector>

namespace plumbline::probes::cuda {

namespace {

/// The functions' versions that are asked for.
constexpr int kInterface = 12000;

/// The loader's own search, then: NVIDIA's container images and GKE; the GPU operator's driver
/// container; Debian; Red Hat; WSL.
constexpr std::array<const char*, 6> kPaths{
    "libcuda.so.1",
    "/usr/local/nvidia/lib64/libcuda.so.1",
    "/run/nvidia/driver/usr/lib/x86_64-linux-gnu/libcuda.so.1",
    "/usr/lib/x86_64-linux-gnu/libcuda.so.1",
    "/usr/lib64/libcuda.so.1",
    "/usr/lib/wsl/lib/libcuda.so.1"};

/// The signature of cuGetProcAddress_v2, which has been in libcuda since CUDA 12.0.
using GetProcAddress = CUresult (*)(const char*, void**, int, cuuint64_t,
                                    CUdriverProcAddressQueryResult*);

tl::unexpected<Error> no_driver(const std::string& why) {
  return fail(ErrorCode::unavailable, "no NVIDIA driver: " + why);
}

Result<void*> open_library(const std::string& path) {
  std::string problem;
  const std::vector<std::string> paths =
      path.empty() ? std::vector<std::string>{kPaths.begin(), kPaths.end()} : std::vector{path};
  for (const auto& candidate : paths) {
    if (void* const library = dlopen(candidate.c_str(), RTLD_NOW | RTLD_LOCAL)) return library;
    const char* const why = dlerror();
    if (problem.empty()) problem = why == nullptr ? candidate : why;
  }
  return no_driver(problem);
}

template <typename Function>
bool bind(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

/// Asks the driver for functions and remembers the first that it lacks.
class Binder {
 public:
  explicit Binder(GetProcAddress get) : get_(get) {}

  template <typename Function>
  void operator()(const char* name, Function& function) {
    if (!missing_.empty()) return;
    void* found = nullptr;
    auto status = CU_GET_PROC_ADDRESS_SUCCESS;
    const CUresult result = get_(name, &found, kInterface, CU_GET_PROC_ADDRESS_DEFAULT, &status);
    if (result == CUDA_SUCCESS && status == CU_GET_PROC_ADDRESS_SUCCESS && found != nullptr) {
      function = reinterpret_cast<Function>(found);
    } else {
      missing_ = name;
    }
  }

  /// A function that the driver may lack: null then.
  template <typename Function>
  void if_there(const char* name, Function& function) {
    void* found = nullptr;
    auto status = CU_GET_PROC_ADDRESS_SUCCESS;
    const CUresult result = get_(name, &found, kInterface, CU_GET_PROC_ADDRESS_DEFAULT, &status);
    if (result == CUDA_SUCCESS && status == CU_GET_PROC_ADDRESS_SUCCESS)
      function = reinterpret_cast<Function>(found);
  }

  const std::string& missing() const { return missing_; }

 private:
  GetProcAddress get_;
  std::string missing_;
};

void bind_devices(Binder& bind_one, Functions& call) {
  bind_one("cuGetErrorName", call.get_error_name);
  bind_one("cuGetErrorString", call.get_error_string);
  bind_one("cuDeviceGetCount", call.device_get_count);
  bind_one("cuDeviceGet", call.device_get);
  bind_one("cuDeviceGetName", call.device_get_name);
  bind_one("cuDeviceGetUuid", call.device_get_uuid);
  bind_one("cuDeviceTotalMem", call.device_total_mem);
  bind_one("cuDeviceGetAttribute", call.device_get_attribute);
  bind_one("cuDeviceGetPCIBusId", call.device_get_pci_bus_id);
  bind_one("cuDeviceCanAccessPeer", call.device_can_access_peer);
  bind_one("cuDevicePrimaryCtxRetain", call.primary_ctx_retain);
  bind_one("cuDevicePrimaryCtxRelease", call.primary_ctx_release);
  bind_one("cuDevicePrimaryCtxReset", call.primary_ctx_reset);
  bind_one("cuCtxSetCurrent", call.ctx_set_current);
  bind_one("cuCtxEnablePeerAccess", call.ctx_enable_peer_access);
}

void bind_work(Binder& bind_one, Functions& call) {
  bind_one("cuModuleLoadData", call.module_load_data);
  bind_one("cuModuleUnload", call.module_unload);
  bind_one("cuModuleGetFunction", call.module_get_function);
  bind_one("cuLaunchKernel", call.launch_kernel);
  bind_one("cuStreamCreate", call.stream_create);
  bind_one("cuStreamDestroy", call.stream_destroy);
  bind_one("cuStreamQuery", call.stream_query);
  bind_one("cuStreamSynchronize", call.stream_synchronize);
  bind_one("cuEventCreate", call.event_create);
  bind_one("cuEventDestroy", call.event_destroy);
  bind_one("cuEventRecord", call.event_record);
  bind_one("cuEventElapsedTime", call.event_elapsed_time);
  bind_one("cuMemcpyAsync", call.memcpy_async);
}

void bind_memory(Binder& bind_one, Functions& call) {
  bind_one("cuMemGetInfo", call.mem_get_info);
  bind_one("cuMemAlloc", call.mem_alloc);
  bind_one("cuMemFree", call.mem_free);
  bind_one("cuMemHostRegister", call.mem_host_register);
  bind_one("cuMemHostUnregister", call.mem_host_unregister);
  bind_one("cuMemHostGetDevicePointer", call.mem_host_get_device_pointer);
  bind_one("cuIpcGetMemHandle", call.ipc_get_mem_handle);
  bind_one("cuIpcOpenMemHandle", call.ipc_open_mem_handle);
  bind_one("cuIpcCloseMemHandle", call.ipc_close_mem_handle);
  bind_one("cuMemGetAllocationGranularity", call.mem_get_allocation_granularity);
  bind_one("cuMemCreate", call.mem_create);
  bind_one("cuMemRelease", call.mem_release);
  bind_one("cuMemAddressReserve", call.mem_address_reserve);
  bind_one("cuMemAddressFree", call.mem_address_free);
  bind_one("cuMemMap", call.mem_map);
  bind_one("cuMemUnmap", call.mem_unmap);
  bind_one("cuMemSetAccess", call.mem_set_access);
  bind_one("cuMemExportToShareableHandle", call.mem_export);
  bind_one("cuMemImportFromShareableHandle", call.mem_import);
  bind_one.if_there("cuMemGetHandleForAddressRange", call.mem_get_handle_for_address_range);
  bind_one.if_there("cuPointerSetAttribute", call.pointer_set_attribute);
}

std::string number_text(int version) {
  return version_text(version) + (version >= 13000   ? " (driver 580 or newer)"
                                  : version >= 12000 ? " (driver 525 or newer)"
                                                     : "");
}

/// What starting the driver says in words that are a reason to skip.
Status start(const Library& library) {
  const CUresult started = library.call.init(0);
  if (started == CUDA_SUCCESS) return {};
  if (started == CUDA_ERROR_NO_DEVICE)
    return fail(ErrorCode::unavailable, "no GPU is given to this process (CUDA_ERROR_NO_DEVICE)");
  const auto told = check(library.call, started, "starting the NVIDIA driver");
  return fail(ErrorCode::unavailable, told.error().message);
}

}  // namespace

int least_driver_version() { return std::max(CUDA_VERSION / 1000 * 1000, kInterface); }

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

Result<Library> load_library(const std::string& path) {
  const auto opened = open_library(path);
  if (!opened) return tl::unexpected(opened.error());
  Library library;
  if (!bind(*opened, "cuInit", library.call.init) ||
      !bind(*opened, "cuDriverGetVersion", library.call.driver_get_version)) {
    return no_driver("its libcuda has no cuInit or no cuDriverGetVersion");
  }
  if (library.call.driver_get_version(&library.version) != CUDA_SUCCESS)
    return no_driver("cuDriverGetVersion failed");
  if (library.version < least_driver_version()) {
    return fail(ErrorCode::unavailable,
                "the NVIDIA driver serves CUDA " + version_text(library.version) +
                    ", these kernels need " + number_text(least_driver_version()));
  }
  GetProcAddress get = nullptr;
  if (!bind(*opened, "cuGetProcAddress_v2", get))
    return no_driver("its libcuda has no cuGetProcAddress_v2");
  Binder bind_one(get);
  bind_devices(bind_one, library.call);
  bind_work(bind_one, library.call);
  bind_memory(bind_one, library.call);
  if (!bind_one.missing().empty()) {
    return fail(ErrorCode::unavailable, "the NVIDIA driver (CUDA " + version_text(library.version) +
                                            ") has no " + bind_one.missing());
  }
  if (auto started = start(library); !started) return tl::unexpected(started.error());
  return library;
}

Status check(const Functions& call, CUresult result, const std::string& doing) {
  if (result == CUDA_SUCCESS) return {};
  const char* name = nullptr;
  const char* words = nullptr;
  static_cast<void>(call.get_error_name(result, &name));
  static_cast<void>(call.get_error_string(result, &words));
  std::string text =
      name == nullptr ? "CUDA error " + std::to_string(static_cast<int>(result)) : name;
  if (words != nullptr) text += std::string(" (") + words + ")";
  auto code = ErrorCode::internal;
  if (result == CUDA_ERROR_OUT_OF_MEMORY) code = ErrorCode::conflict;
  if (result == CUDA_ERROR_DEVICE_UNAVAILABLE) code = ErrorCode::conflict;
  if (result == CUDA_ERROR_NOT_SUPPORTED || result == CUDA_ERROR_PEER_ACCESS_UNSUPPORTED)
    code = ErrorCode::unavailable;
  if (result == CUDA_ERROR_NOT_PERMITTED) code = ErrorCode::permission_denied;
  return fail(code, doing + ": " + text);
}

bool is_sticky(CUresult result) {
  switch (result) {
    case CUDA_ERROR_ILLEGAL_ADDRESS:
    case CUDA_ERROR_LAUNCH_TIMEOUT:
    case CUDA_ERROR_ASSERT:
    case CUDA_ERROR_HARDWARE_STACK_ERROR:
    case CUDA_ERROR_ILLEGAL_INSTRUCTION:
    case CUDA_ERROR_MISALIGNED_ADDRESS:
    case CUDA_ERROR_INVALID_ADDRESS_SPACE:
    case CUDA_ERROR_INVALID_PC:
    case CUDA_ERROR_LAUNCH_FAILED:
    case CUDA_ERROR_ECC_UNCORRECTABLE:
    case CUDA_ERROR_NVLINK_UNCORRECTABLE:
    case CUDA_ERROR_CONTEXT_IS_DESTROYED:
    case CUDA_ERROR_UNKNOWN:
      return true;
    default:
      return false;
  }
}

}  // namespace plumbline::probes::cuda
