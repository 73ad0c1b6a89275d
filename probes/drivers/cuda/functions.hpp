#pragma once

#include <cuda.h>

#include <string>

#include "core/result.hpp"

namespace plumbline::probes::cuda {

/// The functions of the CUDA driver API that this room calls, in the versions of CUDA 12.0, which a
/// 13.x driver serves too. Each member is named as in cuda.h, without the version behind it.
struct Functions {
  decltype(&cuInit) init = nullptr;
  decltype(&cuDriverGetVersion) driver_get_version = nullptr;
  decltype(&cuGetErrorName) get_error_name = nullptr;
  decltype(&cuGetErrorString) get_error_string = nullptr;
  decltype(&cuDeviceGetCount) device_get_count = nullptr;
  decltype(&cuDeviceGet) device_get = nullptr;
  decltype(&cuDeviceGetName) device_get_name = nullptr;
  decltype(&cuDeviceGetUuid) device_get_uuid = nullptr;
  decltype(&cuDeviceTotalMem) device_total_mem = nullptr;
  decltype(&cuDeviceGetAttribute) device_get_attribute = nullptr;
  decltype(&cuDeviceGetPCIBusId) device_get_pci_bus_id = nullptr;
  decltype(&cuDeviceCanAccessPeer) device_can_access_peer = nullptr;
  decltype(&cuDevicePrimaryCtxRetain) primary_ctx_retain = nullptr;
  decltype(&cuDevicePrimaryCtxRelease) primary_ctx_release = nullptr;
  decltype(&cuDevicePrimaryCtxReset) primary_ctx_reset = nullptr;
  decltype(&cuCtxSetCurrent) ctx_set_current = nullptr;
  decltype(&cuCtxEnablePeerAccess) ctx_enable_peer_access = nullptr;
  decltype(&cuModuleLoadData) module_load_data = nullptr;
  decltype(&cuModuleUnload) module_unload = nullptr;
  decltype(&cuModuleGetFunction) module_get_function = nullptr;
  decltype(&cuLaunchKernel) launch_kernel = nullptr;
  decltype(&cuStreamCreate) stream_create = nullptr;
  decltype(&cuStreamDestroy) stream_destroy = nullptr;
  decltype(&cuStreamQuery) stream_query = nullptr;
  decltype(&cuStreamSynchronize) stream_synchronize = nullptr;
  decltype(&cuEventCreate) event_create = nullptr;
  decltype(&cuEventDestroy) event_destroy = nullptr;
  decltype(&cuEventRecord) event_record = nullptr;
  decltype(&cuEventElapsedTime) event_elapsed_time = nullptr;
  decltype(&cuMemGetInfo) mem_get_info = nullptr;
  decltype(&cuMemAlloc) mem_alloc = nullptr;
  decltype(&cuMemFree) mem_free = nullptr;
  decltype(&cuMemHostRegister) mem_host_register = nullptr;
  decltype(&cuMemHostUnregister) mem_host_unregister = nullptr;
  decltype(&cuMemHostGetDevicePointer) mem_host_get_device_pointer = nullptr;
  decltype(&cuMemcpyAsync) memcpy_async = nullptr;
  decltype(&cuIpcGetMemHandle) ipc_get_mem_handle = nullptr;
  decltype(&cuIpcOpenMemHandle) ipc_open_mem_handle = nullptr;
  decltype(&cuIpcCloseMemHandle) ipc_close_mem_handle = nullptr;
  decltype(&cuMemGetAllocationGranularity) mem_get_allocation_granularity = nullptr;
  decltype(&cuMemCreate) mem_create = nullptr;
  decltype(&cuMemRelease) mem_release = nullptr;
  decltype(&cuMemAddressReserve) mem_address_reserve = nullptr;
  decltype(&cuMemAddressFree) mem_address_free = nullptr;
  decltype(&cuMemMap) mem_map = nullptr;
  decltype(&cuMemUnmap) mem_unmap = nullptr;
  decltype(&cuMemSetAccess) mem_set_access = nullptr;
  decltype(&cuMemExportToShareableHandle) mem_export = nullptr;
  decltype(&cuMemImportFromShareableHandle) mem_import = nullptr;
  // For RDMA; a driver may lack them, and then they stay null.
  decltype(&cuMemGetHandleForAddressRange) mem_get_handle_for_address_range = nullptr;
  decltype(&cuPointerSetAttribute) pointer_set_attribute = nullptr;
};

/// The driver's library, bound. `version` is what cuDriverGetVersion says (13000 is CUDA 13.0).
struct Library {
  Functions call;
  int version = 0;
};

/// The oldest driver that the kernels of this build run on, as cuDriverGetVersion says it: that of
/// the major version of the toolkit that compiled them, and at least CUDA 12.0.
int least_driver_version();

/// "13.0" for 13000.
std::string version_text(int version);

/// Binds the driver's library and starts it (cuInit). `path` is that of the library; empty: the
/// loader's libcuda.so.1, then where NVIDIA's containers and operators put it. The library is never
/// unloaded. Errors, all `unavailable`: no library ("no NVIDIA driver: ..."), no device, a driver
/// that is too old, a missing function, each in words that are a reason to skip.
Result<Library> load_library(const std::string& path);

/// Success, or an error in the driver's words: "copying: CUDA_ERROR_... (an illegal ...)".
Status check(const Functions& call, CUresult result, const std::string& doing);

/// True for errors after which everything in the context fails with the same error.
bool is_sticky(CUresult result);

}  // namespace plumbline::probes::cuda
