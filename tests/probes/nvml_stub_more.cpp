// What a new NVML has and an old one lacks.

#include <cstring>

#include "tests/probes/nvml_stub.hpp"

using namespace plumbline::probes::nvml;

extern "C" {

Return nvmlDeviceGetHandleByUUID(const char* uuid, Handle* to) {
  if (std::strcmp(uuid, "GPU-one") != 0) return kNotFound;
  *to = handle_of(1);
  return kSuccess;
}
Return nvmlDeviceGetMinorNumber(Handle gpu, unsigned* to) {
  return put(to, static_cast<unsigned>(number(gpu)) - 1);
}
Return nvmlDeviceGetMemoryInfo(Handle gpu, Memory* to) {
  to->total = number(gpu) >= 10 ? 10ULL << 30U : 80ULL << 30U;
  to->free = 79ULL << 30U;
  return kSuccess;
}
Return nvmlDeviceGetComputeMode(Handle, int* to) { return put(to, 3); }
Return nvmlDeviceGetCudaComputeCapability(Handle, int* major, int* minor) {
  *major = 9;
  return put(minor, 0);
}
Return nvmlDeviceGetPersistenceMode(Handle, int* to) { return put(to, 1); }
Return nvmlDeviceGetNumaNodeId(Handle, unsigned*) { return kNotSupported; }
Return nvmlDeviceGetMigMode(Handle gpu, unsigned* current, unsigned* pending) {
  *current = number(gpu) == 2 ? 1 : 0;
  return put(pending, *current);
}
Return nvmlDeviceGetMaxMigDeviceCount(Handle, unsigned* to) { return put(to, 7); }
Return nvmlDeviceGetMigDeviceHandleByIndex(Handle, unsigned index, Handle* to) {
  if (index != 0 && index != 2) return kNotFound;
  *to = handle_of(10 + index);
  return kSuccess;
}
Return nvmlDeviceGetCurrPcieLinkGeneration(Handle, unsigned* to) { return put(to, 4); }
Return nvmlDeviceGetCurrPcieLinkWidth(Handle, unsigned* to) { return put(to, 8); }
Return nvmlDeviceGetMaxPcieLinkGeneration(Handle, unsigned* to) { return put(to, 4); }
Return nvmlDeviceGetGpuMaxPcieLinkGeneration(Handle, unsigned* to) { return put(to, 5); }
Return nvmlDeviceGetMaxPcieLinkWidth(Handle, unsigned* to) { return put(to, 16); }
Return nvmlDeviceGetPcieReplayCounter(Handle, unsigned* to) { return put(to, 3); }
Return nvmlDeviceGetNvLinkState(Handle, unsigned link, int* to) {
  if (link >= 18) return kNotSupported;
  return put(to, link == 5 ? 0 : 1);
}
Return nvmlDeviceGetNvLinkVersion(Handle, unsigned, unsigned* to) { return put(to, 6); }
Return nvmlDeviceGetNvLinkRemoteDeviceType(Handle, unsigned, int* to) { return put(to, 2); }
Return nvmlDeviceGetNvLinkRemotePciInfo_v2(Handle, unsigned link, PciInfo* to) {
  *to = {};
  to->bus = 0xc1 + link % 4;
  return kSuccess;
}
Return nvmlDeviceGetFieldValues(Handle, int count, FieldValue* values) {
  for (int index = 0; index < count; ++index) {
    FieldValue& value = values[index];
    value.result = kSuccess;
    value.type = 3;
    switch (value.field) {
      case kFieldNvlinkSpeed:
        value.type = 1;
        value.value.unsigned_int = 26562;
        break;
      case kFieldNvlinkDataSent:
        value.value.unsigned_long_long = value.scope == kAllLinks ? 17000 : 1000;
        break;
      case kFieldNvlinkDataReceived:
        value.value.unsigned_long_long = value.scope == kAllLinks ? 34000 : 2000;
        break;
      case kFieldNvlinkCrc:
        value.type = 4;
        value.value.signed_long_long = -1;  // not a count
        break;
      case kFieldPcieSent:
        value.value.unsigned_long_long = 12345;
        break;
      default:
        value.result = kNotSupported;
    }
  }
  return kSuccess;
}
Return nvmlDeviceGetGpuFabricInfoV(Handle, void* to) {
  unsigned version = 0;
  std::memcpy(&version, to, sizeof version);
  if (!kLost && version == struct_version<FabricInfo3>(3)) {
    auto* const info = static_cast<FabricInfo3*>(to);
    info->two.state = 3;
    info->two.clique = 7;
    info->two.cluster_uuid[0] = 0xab;
    info->two.health_mask = 1U | 2U << 2U | 4U << 8U;
    info->health_summary = 3;
    return kSuccess;
  }
  if (version != struct_version<FabricInfo>(2)) return kArgumentVersionMismatch;
  auto* const info = static_cast<FabricInfo*>(to);
  info->state = 2;
  info->health_mask = 1;  // means nothing before it is completed
  return kSuccess;
}
Return nvmlDeviceGetPlatformInfo(Handle, PlatformInfo* to) {
  if (to->version != struct_version<PlatformInfo>(2)) return kArgumentVersionMismatch;
  std::memcpy(to->chassis_serial.data(), "1820325190157", 13);
  to->slot = 9;
  to->tray = 4;
  to->module = 2;
  return kSuccess;
}
Return nvmlDeviceGetP2PStatus(Handle, Handle, int index, int* to) {
  return put(to, index == kPeerAtomics ? 5 : index == kPeerNvlink ? 3 : 0);
}
Return nvmlDeviceGetEccMode(Handle, int* current, int* pending) {
  *current = 1;
  return put(pending, 1);
}
Return nvmlDeviceGetTotalEccErrors(Handle, int, int, unsigned long long* to) {
  *to = 2;
  return kSuccess;
}
Return nvmlDeviceGetRetiredPages(Handle, int, unsigned*, unsigned long long*) {
  return kNotSupported;
}
Return nvmlDeviceGetRemappedRows(Handle, unsigned* corrected, unsigned* uncorrected,
                                 unsigned* pending, unsigned* failed) {
  *corrected = 1;
  *uncorrected = 2;
  *pending = 1;
  return put(failed, 0);
}
Return nvmlDeviceGetClockInfo(Handle, int which, unsigned* to) {
  return put(to, which == kClockSm ? 1980 : 2619);
}
Return nvmlDeviceGetCurrentClocksThrottleReasons(Handle, unsigned long long* to) {
  *to = 0x1 | 0x4 | 0x40;  // idle, power cap, thermal
  return kSuccess;
}
Return nvmlDeviceGetTemperature(Handle, int, unsigned* to) { return put(to, 41); }
Return nvmlDeviceGetEnforcedPowerLimit(Handle, unsigned* to) { return put(to, 700000); }
Return nvmlDeviceGetComputeRunningProcesses_v2(Handle, unsigned* count, ProcessInfo* to) {
  if (kLost) return kNoPermission;
  if (*count < 100) return kInsufficientSize;  // more than fits at first
  *count = 2;
  to[0] = {4242, 1ULL << 30U, ~0U, ~0U};
  to[1] = {4243, ~0ULL, ~0U, ~0U};
  return kSuccess;
}
Return nvmlDeviceGetGraphicsRunningProcesses_v2(Handle, unsigned* count, ProcessInfo* to) {
  *count = 2;
  to[0] = {4242, 1, ~0U, ~0U};
  to[1] = {7, 1, ~0U, ~0U};
  return kSuccess;
}

}  // extern "C"
