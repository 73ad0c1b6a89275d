// The memory calls of the stub libcuda: a device's memory is the host's.

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <map>

#include "tests/probes/drivers/cuda/stub_calls.hpp"

namespace plumbline::stub {

namespace {

void copy_bytes(std::byte* to, const std::byte* from, std::size_t size) {
  std::memmove(to, from, size);
  if (world().corrupts && size >= 4096) to[size / 2] ^= std::byte{1};
}

CUresult mem_get_info(std::size_t* free, std::size_t* all) {
  *free = 900U << 20U;
  *all = 1U << 30U;
  return current_context() == nullptr ? CUDA_ERROR_INVALID_CONTEXT : CUDA_SUCCESS;
}
CUresult mem_alloc(CUdeviceptr* address, std::size_t size) {
  if (const auto bad = answer("cuMemAlloc"); bad != CUDA_SUCCESS) return bad;
  *address = reinterpret_cast<CUdeviceptr>(std::aligned_alloc(4096, (size + 4095) / 4096 * 4096));
  count(1);
  return CUDA_SUCCESS;
}
CUresult mem_free(CUdeviceptr address) {
  std::free(bytes(address));
  count(-1);
  return CUDA_SUCCESS;
}
CUresult mem_host_register(void*, std::size_t, unsigned flags) {
  count(1);
  return flags == 3 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}
CUresult mem_host_unregister(void*) {
  count(-1);
  return CUDA_SUCCESS;
}
CUresult mem_host_get_device_pointer(CUdeviceptr* address, void* memory, unsigned) {
  *address = reinterpret_cast<CUdeviceptr>(memory);
  return CUDA_SUCCESS;
}
CUresult memcpy_async(CUdeviceptr to, CUdeviceptr from, std::size_t size, CUstream stream) {
  if (const auto bad = answer("cuMemcpyAsync"); bad != CUDA_SUCCESS) return bad;
  push_copy(stream, [=] { copy_bytes(bytes(to), bytes(from), size); });
  return CUDA_SUCCESS;
}
CUresult ipc_get_mem_handle(CUipcMemHandle* handle, CUdeviceptr address) {
  std::memset(handle, 0, sizeof *handle);
  std::memcpy(handle, &address, sizeof address);
  return CUDA_SUCCESS;
}
CUresult ipc_open_mem_handle(CUdeviceptr* address, CUipcMemHandle handle, unsigned) {
  std::memcpy(address, &handle, sizeof *address);
  count(1);
  return CUDA_SUCCESS;
}
CUresult ipc_close_mem_handle(CUdeviceptr) {
  count(-1);
  return CUDA_SUCCESS;
}
CUresult mem_granularity(std::size_t* step, const CUmemAllocationProp*,
                         CUmemAllocationGranularity_flags) {
  *step = 2U << 20U;
  return CUDA_SUCCESS;
}
CUresult mem_create(CUmemGenericAllocationHandle* handle, std::size_t size,
                    const CUmemAllocationProp* wanted, unsigned long long) {
  if (const auto bad = answer("cuMemCreate"); bad != CUDA_SUCCESS) return bad;
  if (wanted->requestedHandleTypes != CU_MEM_HANDLE_TYPE_FABRIC) return CUDA_ERROR_INVALID_VALUE;
  const int file = memfd_create("fabric", 0);
  if (ftruncate(file, static_cast<off_t>(size)) != 0) return CUDA_ERROR_OUT_OF_MEMORY;
  *handle = static_cast<CUmemGenericAllocationHandle>(file);
  count(1);
  return CUDA_SUCCESS;
}
CUresult mem_release(CUmemGenericAllocationHandle handle) {
  close(static_cast<int>(handle));
  count(-1);
  return CUDA_SUCCESS;
}
CUresult mem_address_reserve(CUdeviceptr* address, std::size_t size, std::size_t, CUdeviceptr,
                             unsigned long long) {
  *address = reinterpret_cast<CUdeviceptr>(
      mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  count(1);
  return CUDA_SUCCESS;
}
CUresult mem_address_free(CUdeviceptr address, std::size_t size) {
  munmap(bytes(address), size);
  count(-1);
  return CUDA_SUCCESS;
}
CUresult mem_map(CUdeviceptr address, std::size_t size, std::size_t,
                 CUmemGenericAllocationHandle handle, unsigned long long) {
  void* const mapped =
      mmap(bytes(address), size, PROT_NONE, MAP_SHARED | MAP_FIXED, static_cast<int>(handle), 0);
  count(1);
  return mapped == MAP_FAILED ? CUDA_ERROR_MAP_FAILED : CUDA_SUCCESS;
}
CUresult mem_unmap(CUdeviceptr, std::size_t) {
  count(-1);
  return CUDA_SUCCESS;
}
CUresult mem_set_access(CUdeviceptr address, std::size_t size, const CUmemAccessDesc* access,
                        std::size_t number) {
  if (number != 1 || access->flags != CU_MEM_ACCESS_FLAGS_PROT_READWRITE)
    return CUDA_ERROR_INVALID_VALUE;
  return mprotect(bytes(address), size, PROT_READ | PROT_WRITE) == 0 ? CUDA_SUCCESS
                                                                     : CUDA_ERROR_INVALID_VALUE;
}
CUresult mem_export(void* handle, CUmemGenericAllocationHandle memory, CUmemAllocationHandleType,
                    unsigned long long) {
  std::memset(handle, 0, sizeof(CUmemFabricHandle));
  std::memcpy(handle, &memory, sizeof memory);
  return CUDA_SUCCESS;
}
CUresult mem_import(CUmemGenericAllocationHandle* memory, void* handle, CUmemAllocationHandleType) {
  CUmemGenericAllocationHandle file = 0;
  std::memcpy(&file, handle, sizeof file);
  *memory = static_cast<CUmemGenericAllocationHandle>(dup(static_cast<int>(file)));
  count(1);
  return CUDA_SUCCESS;
}

CUresult mem_get_handle(void* handle, CUdeviceptr, std::size_t size, CUmemRangeHandleType,
                        unsigned long long) {
  if (const auto bad = answer("cuMemGetHandleForAddressRange"); bad != CUDA_SUCCESS) return bad;
  const int file = memfd_create("dma-buf", MFD_CLOEXEC);
  if (file < 0 || ftruncate(file, static_cast<off_t>(size)) != 0) return CUDA_ERROR_UNKNOWN;
  std::memcpy(handle, &file, sizeof file);
  return CUDA_SUCCESS;
}
CUresult pointer_set_attribute(const void*, CUpointer_attribute, CUdeviceptr) {
  return answer("cuPointerSetAttribute");
}

}  // namespace

void* memory_call(const std::string& name) {
  static const std::map<std::string, void*> table = {
      {"cuMemGetInfo", address_of(mem_get_info)},
      {"cuMemAlloc", address_of(mem_alloc)},
      {"cuMemFree", address_of(mem_free)},
      {"cuMemHostRegister", address_of(mem_host_register)},
      {"cuMemHostUnregister", address_of(mem_host_unregister)},
      {"cuMemHostGetDevicePointer", address_of(mem_host_get_device_pointer)},
      {"cuMemcpyAsync", address_of(memcpy_async)},
      {"cuIpcGetMemHandle", address_of(ipc_get_mem_handle)},
      {"cuIpcOpenMemHandle", address_of(ipc_open_mem_handle)},
      {"cuIpcCloseMemHandle", address_of(ipc_close_mem_handle)},
      {"cuMemGetAllocationGranularity", address_of(mem_granularity)},
      {"cuMemCreate", address_of(mem_create)},
      {"cuMemRelease", address_of(mem_release)},
      {"cuMemAddressReserve", address_of(mem_address_reserve)},
      {"cuMemAddressFree", address_of(mem_address_free)},
      {"cuMemMap", address_of(mem_map)},
      {"cuMemUnmap", address_of(mem_unmap)},
      {"cuMemSetAccess", address_of(mem_set_access)},
      {"cuMemExportToShareableHandle", address_of(mem_export)},
      {"cuMemImportFromShareableHandle", address_of(mem_import)},
      {"cuMemGetHandleForAddressRange", address_of(mem_get_handle)},
      {"cuPointerSetAttribute", address_of(pointer_set_attribute)},
  };
  const auto found = table.find(name);
  return found == table.end() ? nullptr : found->second;
}

}  // namespace plumbline::stub
