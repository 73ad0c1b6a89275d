// What one of the stubs lacks, though nothing works without it.

#include "tests/probes/nvml_stub.hpp"

using namespace plumbline::probes::nvml;

extern "C" {

Return nvmlDeviceGetPciInfo_v3(Handle gpu, PciInfo* to) {
  to->domain = 0;
  to->bus = number(gpu) == 1 ? 0x0a : 0x8b;
  to->device = 0;
  return kSuccess;
}

}  // extern "C"
