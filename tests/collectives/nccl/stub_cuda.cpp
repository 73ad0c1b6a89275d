// A CUDA driver without a GPU: device memory is the host's, and everything is done when it is
// queued. Just the functions that the collectives bind.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

struct Event {
  std::chrono::steady_clock::time_point at;
};

void* address(std::uint64_t memory) {
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(memory));
}

int mark(void** handle) {
  *handle = std::malloc(1);
  return 0;
}

}  // namespace

extern "C" {
int cuInit(unsigned /*flags*/) { return 0; }
int cuGetErrorString(int /*error*/, const char** text) {
  *text = "a stub's error";
  return 0;
}
int cuDeviceGetCount(int* count) {
  *count = 8;
  return 0;
}
int cuDeviceGet(int* device, int ordinal) {
  *device = ordinal;
  return 0;
}
int cuDeviceGetName(char* name, int length, int /*device*/) {
  std::strncat(name, "Stub GPU", static_cast<std::size_t>(length) - 1);
  return 0;
}
int cuDeviceGetPCIBusId(char* name, int length, int /*device*/) {
  std::strncat(name, "0000:07:00.0", static_cast<std::size_t>(length) - 1);
  return 0;
}
int cuDevicePrimaryCtxRetain(void** context, int /*device*/) {
  *context = nullptr;
  return 0;
}
int cuDevicePrimaryCtxRelease_v2(int /*device*/) { return 0; }
int cuCtxSetCurrent(void* /*context*/) { return 0; }
int cuStreamCreate(void** stream, unsigned /*flags*/) { return mark(stream); }
int cuStreamDestroy_v2(void* stream) {
  std::free(stream);
  return 0;
}
int cuStreamQuery(void* /*stream*/) { return 0; }
int cuMemAlloc_v2(std::uint64_t* memory, std::size_t size) {
  *memory = reinterpret_cast<std::uintptr_t>(std::malloc(size));
  return 0;
}
int cuMemFree_v2(std::uint64_t memory) {
  std::free(address(memory));
  return 0;
}
int cuMemcpyHtoD_v2(std::uint64_t into, const void* from, std::size_t size) {
  std::memcpy(address(into), from, size);
  return 0;
}
int cuMemcpyDtoH_v2(void* into, std::uint64_t from, std::size_t size) {
  std::memcpy(into, address(from), size);
  return 0;
}
int cuMemcpyDtoDAsync_v2(std::uint64_t into, std::uint64_t from, std::size_t size,
                         void* /*stream*/) {
  std::memmove(address(into), address(from), size);
  return 0;
}
int cuEventCreate(void** event, unsigned /*flags*/) {
  *event = new Event;
  return 0;
}
int cuEventDestroy_v2(void* event) {
  delete static_cast<Event*>(event);
  return 0;
}
int cuEventRecord(void* event, void* /*stream*/) {
  static_cast<Event*>(event)->at = std::chrono::steady_clock::now();
  return 0;
}
int cuEventElapsedTime(float* milliseconds, void* first, void* second) {
  const auto span = static_cast<Event*>(second)->at - static_cast<Event*>(first)->at;
  *milliseconds = std::chrono::duration<float, std::milli>(span).count();
  return 0;
}
int cuStreamBeginCapture_v2(void* /*stream*/, int /*mode*/) { return 0; }
int cuStreamEndCapture(void* /*stream*/, void** graph) { return mark(graph); }
int cuGraphInstantiateWithFlags(void** ready, void* /*graph*/, unsigned long long /*flags*/) {
  return mark(ready);
}
int cuGraphLaunch(void* /*ready*/, void* /*stream*/) { return 0; }
int cuGraphExecDestroy(void* ready) {
  std::free(ready);
  return 0;
}
int cuGraphDestroy(void* graph) {
  std::free(graph);
  return 0;
}
}  // extern "C"
