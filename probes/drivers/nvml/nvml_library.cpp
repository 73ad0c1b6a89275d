#include "probes/drivers/nvml/nvml_library.hpp"

#include <dlfcn.h>

#include <array>

namespace plumbline::probes::nvml {

namespace {

/// dlopen's handle until a Library owns it.
struct Closer {
  void operator()(void* handle) const { static_cast<void>(dlclose(handle)); }
};
using Loaded = std::unique_ptr<void, Closer>;

/// Sets `function` to the first of `names` that the library has.
template <typename Function>
void bind(void* handle, Function*& function, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (function == nullptr) function = reinterpret_cast<Function*>(dlsym(handle, name));
  }
}

void bind_system(void* from, Functions& to) {
  bind(from, to.init, {"nvmlInit_v2"});
  bind(from, to.shutdown, {"nvmlShutdown"});
  bind(from, to.error_string, {"nvmlErrorString"});
  bind(from, to.driver_version, {"nvmlSystemGetDriverVersion"});
  bind(from, to.nvml_version, {"nvmlSystemGetNVMLVersion"});
  bind(from, to.cuda_version, {"nvmlSystemGetCudaDriverVersion_v2"});
  bind(from, to.count, {"nvmlDeviceGetCount_v2"});
  bind(from, to.handle_by_index, {"nvmlDeviceGetHandleByIndex_v2"});
  bind(from, to.handle_by_uuid, {"nvmlDeviceGetHandleByUUID"});
}

void bind_identity(void* from, Functions& to) {
  bind(from, to.uuid, {"nvmlDeviceGetUUID"});
  bind(from, to.name, {"nvmlDeviceGetName"});
  bind(from, to.pci_info, {"nvmlDeviceGetPciInfo_v3"});
  bind(from, to.minor_number, {"nvmlDeviceGetMinorNumber"});
  bind(from, to.memory_info, {"nvmlDeviceGetMemoryInfo"});
  bind(from, to.compute_mode, {"nvmlDeviceGetComputeMode"});
  bind(from, to.compute_capability, {"nvmlDeviceGetCudaComputeCapability"});
  bind(from, to.persistence, {"nvmlDeviceGetPersistenceMode"});
  bind(from, to.numa_node, {"nvmlDeviceGetNumaNodeId"});
  bind(from, to.mig_mode, {"nvmlDeviceGetMigMode"});
  bind(from, to.mig_most, {"nvmlDeviceGetMaxMigDeviceCount"});
  bind(from, to.mig_handle, {"nvmlDeviceGetMigDeviceHandleByIndex"});
}

void bind_links(void* from, Functions& to) {
  bind(from, to.pcie_generation, {"nvmlDeviceGetCurrPcieLinkGeneration"});
  bind(from, to.pcie_width, {"nvmlDeviceGetCurrPcieLinkWidth"});
  bind(from, to.pcie_most_generation, {"nvmlDeviceGetMaxPcieLinkGeneration"});
  bind(from, to.pcie_device_generation, {"nvmlDeviceGetGpuMaxPcieLinkGeneration"});
  bind(from, to.pcie_most_width, {"nvmlDeviceGetMaxPcieLinkWidth"});
  bind(from, to.pcie_replays, {"nvmlDeviceGetPcieReplayCounter"});
  bind(from, to.link_state, {"nvmlDeviceGetNvLinkState"});
  bind(from, to.link_version, {"nvmlDeviceGetNvLinkVersion"});
  bind(from, to.link_remote_pci, {"nvmlDeviceGetNvLinkRemotePciInfo_v2"});
  bind(from, to.link_remote_kind, {"nvmlDeviceGetNvLinkRemoteDeviceType"});
  bind(from, to.field_values, {"nvmlDeviceGetFieldValues"});
  bind(from, to.fabric_info, {"nvmlDeviceGetGpuFabricInfoV"});
  bind(from, to.platform_info, {"nvmlDeviceGetPlatformInfo"});
  bind(from, to.peer_status, {"nvmlDeviceGetP2PStatus"});
}

void bind_health(void* from, Functions& to) {
  bind(from, to.ecc_mode, {"nvmlDeviceGetEccMode"});
  bind(from, to.ecc_errors, {"nvmlDeviceGetTotalEccErrors"});
  bind(from, to.retired_pages, {"nvmlDeviceGetRetiredPages"});
  bind(from, to.retired_pending, {"nvmlDeviceGetRetiredPagesPendingStatus"});
  bind(from, to.remapped_rows, {"nvmlDeviceGetRemappedRows"});
  bind(from, to.clock, {"nvmlDeviceGetClockInfo"});
  // One bit mask under two names: the first since 12.2, the second before and until 13.
  bind(from, to.throttle_reasons,
       {"nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons"});
  bind(from, to.temperature, {"nvmlDeviceGetTemperature"});
  bind(from, to.power_limit, {"nvmlDeviceGetEnforcedPowerLimit"});
  bind(from, to.default_power_limit, {"nvmlDeviceGetPowerManagementDefaultLimit"});
  // _v2 and _v3 have one layout; the unversioned call has a shorter one and is not used.
  bind(from, to.compute_processes,
       {"nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetComputeRunningProcesses_v2"});
  bind(from, to.graphics_processes,
       {"nvmlDeviceGetGraphicsRunningProcesses_v3", "nvmlDeviceGetGraphicsRunningProcesses_v2"});
}

/// The first function that is missing and that nothing works without; null when all are there.
const char* missing(const Functions& calls) {
  if (calls.init == nullptr) return "nvmlInit_v2";
  if (calls.shutdown == nullptr) return "nvmlShutdown";
  if (calls.count == nullptr) return "nvmlDeviceGetCount_v2";
  if (calls.handle_by_index == nullptr) return "nvmlDeviceGetHandleByIndex_v2";
  if (calls.uuid == nullptr) return "nvmlDeviceGetUUID";
  if (calls.pci_info == nullptr) return "nvmlDeviceGetPciInfo_v3";
  return nullptr;
}

std::string words_of(const Functions& calls, Return code) {
  const char* words = calls.error_string == nullptr ? nullptr : calls.error_string(code);
  return words != nullptr ? words : "NVML error " + std::to_string(code);
}

ErrorCode code_of(Return code) {
  switch (code) {
    case kNoPermission:
      return ErrorCode::permission_denied;
    case kNotFound:
      return ErrorCode::not_found;
    case kTimeout:
      return ErrorCode::deadline_exceeded;
    default:
      return ErrorCode::unavailable;
  }
}

}  // namespace

Result<std::unique_ptr<Library>> Library::open(const std::string& file) {
  Loaded loaded(dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL));
  if (!loaded) {
    const char* why = dlerror();
    return fail(ErrorCode::unavailable,
                "no NVIDIA driver: " + std::string(why == nullptr ? file : why));
  }
  Functions calls;
  bind_system(loaded.get(), calls);
  bind_identity(loaded.get(), calls);
  bind_links(loaded.get(), calls);
  bind_health(loaded.get(), calls);
  if (const char* name = missing(calls)) {
    return fail(ErrorCode::unavailable,
                "the NVIDIA driver is too old: " + file + " has no " + name);
  }
  const Return started = calls.init();
  if (started == kDriverNotLoaded) {
    return fail(ErrorCode::unavailable, "no NVIDIA driver: " + words_of(calls, started));
  }
  if (started != kSuccess) {
    return fail(code_of(started), "starting NVML: " + words_of(calls, started));
  }
  return std::unique_ptr<Library>(new Library(loaded.release(), calls));
}

Library::~Library() {
  static_cast<void>(calls_.shutdown());
  static_cast<void>(dlclose(handle_));
}

Result<std::vector<Handle>> Library::devices(std::vector<std::string>& problems) const {
  unsigned count = 0;
  const Return counted = calls_.count(&count);
  if (counted != kSuccess) return tl::unexpected(error(counted, "counting GPUs"));
  if (count > 1024) return fail(ErrorCode::unavailable, "NVML tells of more than 1024 GPUs");
  std::vector<Handle> handles;
  for (unsigned index = 0; index < count; ++index) {
    Handle handle = nullptr;
    const Return given = calls_.handle_by_index(index, &handle);
    if (given == kSuccess) {
      handles.push_back(handle);
    } else {
      problems.push_back(error(given, "GPU " + std::to_string(index) + " of NVML").message);
    }
  }
  return handles;
}

Result<Handle> Library::device(const std::string& uuid) const {
  if (calls_.handle_by_uuid == nullptr) {
    return fail(ErrorCode::unavailable, "this NVML finds no GPU by its UUID");
  }
  Handle handle = nullptr;
  const Return given = calls_.handle_by_uuid(uuid.c_str(), &handle);
  if (given != kSuccess) return tl::unexpected(error(given, uuid));
  return handle;
}

std::string Library::version() const {
  std::array<char, 80> text{};
  if (calls_.nvml_version == nullptr) return "NVML";
  const Return told = calls_.nvml_version(text.data(), static_cast<unsigned>(text.size() - 1));
  return told == kSuccess ? "NVML " + std::string(text.data()) : "NVML";
}

Error Library::error(Return code, const std::string& doing) const {
  return {code_of(code), doing + ": " + words_of(calls_, code)};
}

}  // namespace plumbline::probes::nvml
