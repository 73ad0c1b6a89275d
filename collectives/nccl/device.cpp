#include "collectives/nccl/device.hpp"

#include <dlfcn.h>

#include <array>
#include <thread>

namespace plumbline::collectives {
namespace {

constexpr int kSuccess = 0;
constexpr int kNoDevice = 100;
constexpr int kDriverTooOld = 35;
constexpr int kNotReady = 600;
constexpr unsigned kNonBlocking = 1;  // CU_STREAM_NON_BLOCKING

/// Binds all functions; the first name that is missing, or null.
const char* find_all(void* library, DeviceFunctions& call) {
  const char* missing = nullptr;
  const auto need = [&](const char* name, auto& function) {
    function =
        reinterpret_cast<std::remove_reference_t<decltype(function)>>(::dlsym(library, name));
    if (function == nullptr && missing == nullptr) missing = name;
  };
  need("cuInit", call.init);
  need("cuGetErrorString", call.get_error_string);
  need("cuDeviceGetCount", call.device_get_count);
  need("cuDeviceGet", call.device_get);
  need("cuDeviceGetName", call.device_get_name);
  need("cuDeviceGetPCIBusId", call.device_get_pci_bus_id);
  need("cuDevicePrimaryCtxRetain", call.primary_ctx_retain);
  need("cuDevicePrimaryCtxRelease_v2", call.primary_ctx_release);
  need("cuCtxSetCurrent", call.ctx_set_current);
  need("cuStreamCreate", call.stream_create);
  need("cuStreamDestroy_v2", call.stream_destroy);
  need("cuStreamQuery", call.stream_query);
  need("cuMemAlloc_v2", call.mem_alloc);
  need("cuMemFree_v2", call.mem_free);
  need("cuMemcpyHtoD_v2", call.copy_to);
  need("cuMemcpyDtoH_v2", call.copy_from);
  need("cuMemcpyDtoDAsync_v2", call.copy_within);
  need("cuEventCreate", call.event_create);
  need("cuEventDestroy_v2", call.event_destroy);
  need("cuEventRecord", call.event_record);
  need("cuEventElapsedTime", call.event_elapsed);
  need("cuStreamBeginCapture_v2", call.begin_capture);
  need("cuStreamEndCapture", call.end_capture);
  need("cuGraphInstantiateWithFlags", call.instantiate);
  need("cuGraphLaunch", call.graph_launch);
  need("cuGraphExecDestroy", call.graph_exec_destroy);
  need("cuGraphDestroy", call.graph_destroy);
  return missing;
}

}  // namespace

Result<std::unique_ptr<Device>> Device::open(const std::string& library, int ordinal) {
  const std::string path = library.empty() ? "libcuda.so.1" : library;
  void* const loaded = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (loaded == nullptr) return fail(ErrorCode::unavailable, "no NVIDIA driver");
  std::unique_ptr<Device> device(new Device);
  if (const char* const missing = find_all(loaded, device->call_))
    return fail(ErrorCode::unavailable, "the NVIDIA driver has no " + std::string(missing));
  const int begun = device->call_.init(0);
  if (begun == kNoDevice) return fail(ErrorCode::unavailable, "no NVIDIA GPU");
  if (begun == kDriverTooOld) return fail(ErrorCode::unavailable, "the NVIDIA driver is too old");
  if (auto right = device->check(begun, "cuInit"); !right) return tl::unexpected(right.error());
  int count = 0;
  if (auto right = device->check(device->call_.device_get_count(&count), "cuDeviceGetCount");
      !right)
    return tl::unexpected(right.error());
  if (ordinal >= count)
    return fail(ErrorCode::unavailable,
                "there is no GPU " + std::to_string(ordinal) + ", only " + std::to_string(count));
  if (auto started = device->start(ordinal); !started) return tl::unexpected(started.error());
  return device;
}

Status Device::start(int ordinal) {
  std::array<char, 128> name{};
  std::array<char, 32> bus{};
  void* context = nullptr;
  auto right = check(call_.device_get(&device_, ordinal), "cuDeviceGet");
  if (right)
    right = check(call_.device_get_name(name.data(), static_cast<int>(name.size()) - 1, device_),
                  "cuDeviceGetName");
  if (right)
    right =
        check(call_.device_get_pci_bus_id(bus.data(), static_cast<int>(bus.size()) - 1, device_),
              "cuDeviceGetPCIBusId");
  if (right) right = check(call_.primary_ctx_retain(&context, device_), "cuDevicePrimaryCtxRetain");
  if (!right) return right;
  retained_ = true;
  const std::string address = bus.data();
  name_ = "[" + address.substr(0, address.rfind('.')) + "] " + name.data();
  right = check(call_.ctx_set_current(context), "cuCtxSetCurrent");
  return right ? check(call_.stream_create(&stream_, kNonBlocking), "cuStreamCreate") : right;
}

Device::~Device() {
  if (stream_ != nullptr) call_.stream_destroy(stream_);
  if (retained_) call_.primary_ctx_release(device_);
}

Status Device::check(int result, const std::string& doing) const {
  if (result == kSuccess) return {};
  const char* text = nullptr;
  if (call_.get_error_string(result, &text) != kSuccess || text == nullptr) text = "unknown error";
  return fail(ErrorCode::unavailable,
              doing + ": CUDA error " + std::to_string(result) + ", " + text);
}

Status Device::finish(const std::function<Status()>& fails, Deadline deadline) const {
  for (int result = kNotReady; result != kSuccess;) {
    result = call_.stream_query(stream_);
    if (result != kSuccess && result != kNotReady) return check(result, "waiting for the GPU");
    if (auto wrong = fails(); !wrong) return wrong;
    if (result == kNotReady && deadline.passed())
      return fail(ErrorCode::deadline_exceeded, "the GPU was not done in time");
    if (result == kNotReady) std::this_thread::yield();
  }
  return {};
}

Events::~Events() {
  for (void* const event : events_)
    device_.call().event_destroy(event);
}

Status Events::record() {
  void* event = nullptr;
  auto made = device_.check(device_.call().event_create(&event, 0), "cuEventCreate");
  if (!made) return made;
  events_.push_back(event);
  return device_.check(device_.call().event_record(event, device_.stream()), "cuEventRecord");
}

Result<std::vector<double>> Events::since_first() const {
  std::vector<double> seconds;
  for (std::size_t later = 1; later < events_.size(); ++later) {
    float milliseconds = 0;
    auto right =
        device_.check(device_.call().event_elapsed(&milliseconds, events_[0], events_[later]),
                      "cuEventElapsedTime");
    if (!right) return tl::unexpected(right.error());
    seconds.push_back(static_cast<double>(milliseconds) * 1e-3);
  }
  return seconds;
}

}  // namespace plumbline::collectives
