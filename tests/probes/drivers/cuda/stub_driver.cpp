// A libcuda.so.1 of our own for tests: memory is the host's, a stream is a thread with a queue, and
// a kernel is the code that the real kernels are made of.

#include <cuda.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <tuple>

#include "probes/drivers/cuda/kernel_work.hpp"
#include "tests/probes/drivers/cuda/stub_calls.hpp"

namespace {

using plumbline::stub::address_of;
using plumbline::stub::answer;
using plumbline::stub::count;
using plumbline::stub::current_context;
using plumbline::stub::World;
using plumbline::stub::world;
namespace work = plumbline::probes::cuda;

std::mutex& guard() {
  static std::mutex one;
  return one;
}

CUresult give_text(char* to, int length, const std::string& text) {
  if (text.size() >= static_cast<std::size_t>(length)) return CUDA_ERROR_INVALID_VALUE;
  std::memcpy(to, text.c_str(), text.size() + 1);
  return CUDA_SUCCESS;
}

std::uint64_t now() {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

struct ThreadWorld {
  template <typename Word>
  Word load(const Word* word) const {
    return std::atomic_ref(*const_cast<Word*>(word)).load();
  }
  template <typename Word>
  void store(Word* word, Word value) const {
    std::atomic_ref(*word).store(value);
  }
  std::uint64_t nanoseconds() const { return now(); }
  std::uint64_t ticks() const { return now(); }
};

/// Work in order, by a thread of its own.
class Queue {
 public:
  Queue() : thread_([this] { serve(); }) {}
  ~Queue() {
    push({});
    thread_.join();
  }
  void push(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    ++pending_;
    changed_.notify_all();
  }
  bool idle() {
    const std::lock_guard lock(mutex_);
    return pending_ == 0;
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return pending_ == 0; });
  }

 private:
  void serve() {
    while (true) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return !tasks_.empty(); });
      const auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      if (!task) return;
      task();
      lock.lock();
      --pending_;
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  int pending_ = 0;
  std::thread thread_;
};

Queue& queue(CUstream stream) { return *reinterpret_cast<Queue*>(stream); }
std::uint64_t& moment(CUevent event) { return *reinterpret_cast<std::uint64_t*>(event); }

/// The word that the last hold waits for; a copy that is queued while it is zero is held. Under the
/// guard; forgotten when that hold ends, since the word's memory goes with its machine.
const std::uint32_t* gate = nullptr;

bool holding() { return gate != nullptr && ThreadWorld{}.load(gate) == 0; }

template <typename Work>
Work given(void** parameters) {
  Work one;
  std::memcpy(&one, parameters[0], sizeof one);
  return one;
}

void run_copy(const work::CopyWork& one, std::uint64_t threads) {
  for (std::uint64_t thread = 0; thread < threads; ++thread)
    work::copy_share(one, thread, threads);
  if (world().corrupts && one.count >= 256) one.destination[one.count / 2].low ^= 1;
}

void run_compare(const work::CompareWork& one, std::uint64_t threads) {
  for (std::uint64_t thread = 0; thread < threads; ++thread) {
    const auto mine = work::compare_share(one, thread, threads);
    if (mine.wrong == 0) continue;
    one.found->wrong += mine.wrong;
    one.found->first = std::min(one.found->first, mine.first);
  }
}

void run_hold(const work::HoldWork& one) {
  static_cast<void>(work::hold(one, ThreadWorld{}));
  {
    const std::lock_guard lock(guard());
    if (gate == one.released) gate = nullptr;
  }
  while (world().hangs)
    std::this_thread::yield();
}

std::function<void()> kernel_task(const std::string& name, void** parameters,
                                  std::uint64_t threads) {
  if (name == work::kFillKernel) {
    return [one = given<work::FillWork>(parameters)] { work::fill_share(one, 0, 1); };
  }
  if (name == work::kCompareKernel) {
    return [one = given<work::CompareWork>(parameters), threads] { run_compare(one, threads); };
  }
  if (name == work::kCopyKernel) {
    return [one = given<work::CopyWork>(parameters), threads] { run_copy(one, threads); };
  }
  if (name == work::kHoldKernel)
    return [one = given<work::HoldWork>(parameters)] { run_hold(one); };
  return [one = given<work::PingWork>(parameters)] {
    static_cast<void>(work::ping(one, ThreadWorld{}));
  };
}

}  // namespace

namespace plumbline::stub {

World& world() {
  static World one;
  return one;
}

void count(long change) {
  const std::lock_guard lock(guard());
  world().live += change;
}

CUresult answer(const char* name) {
  return world().failing == name ? static_cast<CUresult>(world().failure) : CUDA_SUCCESS;
}

CUcontext& current_context() {
  thread_local CUcontext current = nullptr;
  return current;
}

void count_held() {
  const std::lock_guard lock(guard());
  if (holding()) ++world().held_copies;
}

void push_copy(CUstream stream, std::function<void()> task) {
  count_held();
  queue(stream).push(std::move(task));
}

}  // namespace plumbline::stub

namespace {

/// cuLaunchKernel: behind the grid's width its other sides, the block's, the shared memory, the
/// stream, the parameters and nothing.
template <typename... Rest>
CUresult launch_kernel(CUfunction function, unsigned blocks, Rest... others) {
  const auto rest = std::make_tuple(others...);
  const unsigned threads = std::get<2>(rest);
  const CUstream stream = std::get<6>(rest);
  void** const parameters = std::get<7>(rest);
  const auto& name = *reinterpret_cast<std::string*>(function);
  if (const auto bad = answer(name.c_str()); bad != CUDA_SUCCESS) return bad;
  if (name == work::kHoldKernel) {
    const std::lock_guard lock(guard());
    gate = given<work::HoldWork>(parameters).released;
  }
  if (name == work::kCopyKernel) plumbline::stub::count_held();
  queue(stream).push(kernel_task(name, parameters, std::uint64_t{blocks} * threads));
  return current_context() == nullptr ? CUDA_ERROR_INVALID_CONTEXT : CUDA_SUCCESS;
}

}  // namespace

extern "C" {

World* stub_world() {
  gate = nullptr;
  return &world();
}

CUresult cuInit(unsigned) { return static_cast<CUresult>(world().init_result); }
CUresult cuDriverGetVersion(int* version) {
  *version = world().version;
  return CUDA_SUCCESS;
}
static CUresult get_error_name(CUresult, const char** text) {
  *text = "CUDA_ERROR_STUB";
  return CUDA_SUCCESS;
}
static CUresult get_error_string(CUresult, const char** text) {
  *text = "a stub's error";
  return CUDA_SUCCESS;
}
static CUresult device_get_count(int* number) {
  *number = world().devices;
  return CUDA_SUCCESS;
}
static CUresult device_get(CUdevice* device, int ordinal) {
  *device = ordinal;
  return CUDA_SUCCESS;
}
static CUresult device_get_name(char* name, int length, CUdevice) {
  return give_text(name, length, "NVIDIA Stub 1 GB");
}
static CUresult device_get_uuid(CUuuid* uuid, CUdevice device) {
  std::memset(uuid->bytes, 0, sizeof uuid->bytes);
  uuid->bytes[15] = static_cast<char>(device + 1);
  uuid->bytes[0] = static_cast<char>(0xab);
  return CUDA_SUCCESS;
}
static CUresult device_total_mem(std::size_t* size, CUdevice) {
  *size = 1U << 30U;
  return CUDA_SUCCESS;
}
static CUresult device_get_attribute(int* value, CUdevice_attribute which, CUdevice) {
  *value = which == CU_DEVICE_ATTRIBUTE_HANDLE_TYPE_FABRIC_SUPPORTED ? (world().fabric ? 1 : 0) : 2;
  if (which == CU_DEVICE_ATTRIBUTE_DMA_BUF_SUPPORTED) *value = world().dma_buf ? 1 : 0;
  return CUDA_SUCCESS;
}
static CUresult device_get_pci_bus_id(char* text, int length, CUdevice device) {
  // The last device has the lowest address: an index is no identity.
  return give_text(text, length, device == 0 ? "0000:BB:00.0" : "0000:AA:00.0");
}
static CUresult device_can_access_peer(int* can, CUdevice, CUdevice) {
  *can = world().peers ? 1 : 0;
  return CUDA_SUCCESS;
}
static CUresult primary_ctx_retain(CUcontext* context, CUdevice device) {
  if (const auto bad = answer("cuDevicePrimaryCtxRetain"); bad != CUDA_SUCCESS) return bad;
  *context = reinterpret_cast<CUcontext>(static_cast<std::uintptr_t>(device + 1));
  count(1);
  return CUDA_SUCCESS;
}
static CUresult primary_ctx_release(CUdevice) {
  count(-1);
  return CUDA_SUCCESS;
}
static CUresult primary_ctx_reset(CUdevice) {
  ++world().resets;
  return CUDA_SUCCESS;
}
static CUresult ctx_set_current(CUcontext context) {
  current_context() = context;
  return CUDA_SUCCESS;
}
static CUresult ctx_enable_peer_access(CUcontext peer, unsigned) {
  return peer == current_context() || peer == nullptr ? CUDA_ERROR_INVALID_CONTEXT : CUDA_SUCCESS;
}
static CUresult module_load_data(CUmodule* module, const void* image) {
  // A fat binary's first word.
  if (std::memcmp(image, "\x50\xed\x55\xba", 4) != 0) return CUDA_ERROR_INVALID_IMAGE;
  *module = reinterpret_cast<CUmodule>(std::uintptr_t{1});
  return current_context() == nullptr ? CUDA_ERROR_INVALID_CONTEXT : CUDA_SUCCESS;
}
static CUresult module_unload(CUmodule) { return CUDA_SUCCESS; }
static CUresult module_get_function(CUfunction* function, CUmodule, const char* name) {
  static std::map<std::string, int> names;
  const std::lock_guard lock(guard());
  *function =
      reinterpret_cast<CUfunction>(const_cast<std::string*>(&names.emplace(name, 0).first->first));
  return CUDA_SUCCESS;
}
static CUresult stream_create(CUstream* stream, unsigned) {
  *stream = reinterpret_cast<CUstream>(new Queue);
  count(1);
  return CUDA_SUCCESS;
}
static CUresult stream_destroy(CUstream stream) {
  delete &queue(stream);
  count(-1);
  return CUDA_SUCCESS;
}
static CUresult stream_query(CUstream stream) {
  if (const auto bad = answer("cuStreamQuery"); bad != CUDA_SUCCESS) return bad;
  return queue(stream).idle() ? CUDA_SUCCESS : CUDA_ERROR_NOT_READY;
}
static CUresult stream_synchronize(CUstream stream) {
  queue(stream).wait();
  return CUDA_SUCCESS;
}
static CUresult event_create(CUevent* event, unsigned) {
  *event = reinterpret_cast<CUevent>(new std::uint64_t{0});
  count(1);
  return CUDA_SUCCESS;
}
static CUresult event_destroy(CUevent event) {
  delete &moment(event);
  count(-1);
  return CUDA_SUCCESS;
}
static CUresult event_record(CUevent event, CUstream stream) {
  queue(stream).push([event] { moment(event) = now(); });
  return CUDA_SUCCESS;
}
static CUresult event_elapsed_time(float* milliseconds, CUevent from, CUevent to) {
  *milliseconds = static_cast<float>(static_cast<double>(moment(to) - moment(from)) * 1e-6);
  return CUDA_SUCCESS;
}
CUresult cuGetProcAddress_v2(const char* symbol, void** function, int version, cuuint64_t,
                             CUdriverProcAddressQueryResult* status) {
  static const std::map<std::string, void*> table = {
      {"cuGetErrorName", address_of(get_error_name)},
      {"cuGetErrorString", address_of(get_error_string)},
      {"cuDeviceGetCount", address_of(device_get_count)},
      {"cuDeviceGet", address_of(device_get)},
      {"cuDeviceGetName", address_of(device_get_name)},
      {"cuDeviceGetUuid", address_of(device_get_uuid)},
      {"cuDeviceTotalMem", address_of(device_total_mem)},
      {"cuDeviceGetAttribute", address_of(device_get_attribute)},
      {"cuDeviceGetPCIBusId", address_of(device_get_pci_bus_id)},
      {"cuDeviceCanAccessPeer", address_of(device_can_access_peer)},
      {"cuDevicePrimaryCtxRetain", address_of(primary_ctx_retain)},
      {"cuDevicePrimaryCtxRelease", address_of(primary_ctx_release)},
      {"cuDevicePrimaryCtxReset", address_of(primary_ctx_reset)},
      {"cuCtxSetCurrent", address_of(ctx_set_current)},
      {"cuCtxEnablePeerAccess", address_of(ctx_enable_peer_access)},
      {"cuModuleLoadData", address_of(module_load_data)},
      {"cuModuleUnload", address_of(module_unload)},
      {"cuModuleGetFunction", address_of(module_get_function)},
      {"cuLaunchKernel", address_of(launch_kernel<unsigned, unsigned, unsigned, unsigned, unsigned,
                                                  unsigned, CUstream, void**, void**>)},
      {"cuStreamCreate", address_of(stream_create)},
      {"cuStreamDestroy", address_of(stream_destroy)},
      {"cuStreamQuery", address_of(stream_query)},
      {"cuStreamSynchronize", address_of(stream_synchronize)},
      {"cuEventCreate", address_of(event_create)},
      {"cuEventDestroy", address_of(event_destroy)},
      {"cuEventRecord", address_of(event_record)},
      {"cuEventElapsedTime", address_of(event_elapsed_time)},
  };
  const auto found = table.find(symbol);
  void* const call = found == table.end() ? plumbline::stub::memory_call(symbol) : found->second;
  const bool known = version == 12000 && call != nullptr && world().missing != symbol;
  *function = known ? call : nullptr;
  *status = known ? CU_GET_PROC_ADDRESS_SUCCESS : CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
  return CUDA_SUCCESS;
}

}  // extern "C"
