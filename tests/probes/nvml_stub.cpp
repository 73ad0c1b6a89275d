// What every NVML has.

#include "tests/probes/nvml_stub.hpp"

using namespace plumbline::probes::nvml;

extern "C" {

Return nvmlInit_v2() { return kNotLoaded ? kDriverNotLoaded : kSuccess; }
Return nvmlShutdown() { return kSuccess; }
const char* nvmlErrorString(Return code) {
  if (code == kDriverNotLoaded) return "Driver Not Loaded";
  if (code == kGpuIsLost) return "GPU is lost";
  if (code == kNoPermission) return "Insufficient Permissions";
  return "some other error";
}
Return nvmlSystemGetDriverVersion(char* to, unsigned size) { return text(to, size, "550.54.15"); }
Return nvmlSystemGetNVMLVersion(char* to, unsigned size) { return text(to, size, "12.550.54.15"); }
Return nvmlSystemGetCudaDriverVersion_v2(int* to) { return put(to, 12040); }
Return nvmlDeviceGetCount_v2(unsigned* to) { return put(to, 2); }
Return nvmlDeviceGetHandleByIndex_v2(unsigned index, Handle* to) {
  if (kLost && index == 1) return kGpuIsLost;
  // Not in the order of PCI addresses, as a driver need not be.
  *to = handle_of(2 - index);
  return kSuccess;
}
Return nvmlDeviceGetUUID(Handle gpu, char* to, unsigned size) {
  if (number(gpu) >= 10) {
    static_cast<void>(std::snprintf(to, size, "MIG-%d", static_cast<int>(number(gpu)) - 10));
    return kSuccess;
  }
  return text(to, size, number(gpu) == 1 ? "GPU-one" : "GPU-two");
}
Return nvmlDeviceGetName(Handle gpu, char* to, unsigned size) {
  return text(to, size, number(gpu) >= 10 ? "NVIDIA H100 80GB HBM3 MIG 1g.10gb" : "NVIDIA H100");
}

}  // extern "C"
