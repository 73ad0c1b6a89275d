#include "probes/drivers/cuda/device.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "probes/drivers/cuda/kernel_image.hpp"

namespace plumbline::probes::cuda {

namespace {

constexpr unsigned kThreads = 512;
/// Blocks of kThreads on each multiprocessor: 1024 threads, which every architecture holds.
constexpr unsigned kBlocksEach = 2;
constexpr int kNameMost = 256;

constexpr std::array<const char*, 5> kKernels{kFillKernel, kCompareKernel, kCopyKernel, kHoldKernel,
                                              kPingKernel};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return text;
}

}  // namespace

std::string uuid_text(const CUuuid& uuid, const std::string& product) {
  constexpr const char* digits = "0123456789abcdef";
  std::string text = product.find(" MIG ") == std::string::npos ? "GPU-" : "MIG-";
  for (std::size_t i = 0; i < sizeof uuid.bytes; ++i) {
    const auto byte = static_cast<unsigned char>(uuid.bytes[i]);
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

Status Driver::check(CUresult result, const std::string& doing) {
  if (result == CUDA_SUCCESS) return {};
  auto status = cuda::check(call, result, doing);
  if (is_sticky(result) && !lost_) {
    lost_ = Error{status.error().code, "the GPU's context is lost since " + status.error().message};
    for (const CUdevice device : devices_)
      static_cast<void>(call.primary_ctx_reset(device));
  }
  return status;
}

Status Driver::usable() const {
  if (lost_) return tl::unexpected(*lost_);
  return {};
}

void Driver::lose(Error why) {
  if (!lost_) lost_ = std::move(why);
}

void Driver::forget(CUdevice device) {
  devices_.erase(std::remove(devices_.begin(), devices_.end(), device), devices_.end());
}

Result<std::unique_ptr<Device>> Device::open(Driver& driver, int ordinal) {
  CUdevice handle = 0;
  const auto got = driver.check(driver.call.device_get(&handle, ordinal), "asking for a GPU");
  if (!got) return tl::unexpected(got.error());
  std::unique_ptr<Device> device(new Device(driver, handle));
  if (auto described = device->describe(); !described) return tl::unexpected(described.error());
  return device;
}

Device::~Device() { stop(); }

/// Gives the context back with what is in it; a later enter() makes a new one.
void Device::stop() {
  if (context_ == nullptr || driver_.lost()) return;
  if (driver_.call.ctx_set_current(context_) == CUDA_SUCCESS) {
    if (stream_ != nullptr) static_cast<void>(driver_.call.stream_destroy(stream_));
    if (module_ != nullptr) static_cast<void>(driver_.call.module_unload(module_));
  }
  static_cast<void>(driver_.call.ctx_set_current(nullptr));
  static_cast<void>(driver_.call.primary_ctx_release(device_));
  driver_.forget(device_);
  context_ = nullptr;
  stream_ = nullptr;
  module_ = nullptr;
  kernels_.clear();
}

Status Device::describe() {
  const Functions& call = driver_.call;
  std::array<char, kNameMost> text{};
  auto told = driver_.check(call.device_get_name(text.data(), kNameMost, device_), "asking a name");
  if (!told) return told;
  unit_.product = text.data();
  CUuuid uuid{};
  told = driver_.check(call.device_get_uuid(&uuid, device_), "asking a UUID");
  if (!told) return told;
  unit_.uuid = uuid_text(uuid, unit_.product);
  told = driver_.check(call.device_get_pci_bus_id(text.data(), kNameMost, device_),
                       "asking a PCI address");
  if (!told) return told;
  unit_.pci_address = lower(text.data());
  std::size_t memory = 0;
  told = driver_.check(call.device_total_mem(&memory, device_), "asking the memory's size");
  unit_.memory = Bytes{memory};
  return told;
}

Status Device::start() {
  const Functions& call = driver_.call;
  auto done = driver_.check(call.primary_ctx_retain(&context_, device_), "taking its context");
  if (!done) {
    context_ = nullptr;
    return done;
  }
  driver_.adopt(device_);
  done = driver_.check(call.ctx_set_current(context_), "entering its context");
  if (!done) return done;
  processors_ = std::max(1, attribute(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT));
  if (auto loaded = load_kernels(); !loaded) return loaded;
  done = driver_.check(call.stream_create(&stream_, CU_STREAM_NON_BLOCKING), "making a stream");
  if (!done) return done;
  return warm();
}

Status Device::load_kernels() {
  const Functions& call = driver_.call;
  auto done = driver_.check(call.module_load_data(&module_, kernel_image()), "loading the kernels");
  if (!done) return done;
  for (const char* name : kKernels) {
    CUfunction found = nullptr;
    done = driver_.check(call.module_get_function(&found, module_, name),
                         std::string("looking for the kernel ") + name);
    if (!done) return done;
    kernels_.emplace_back(name, found);
  }
  return {};
}

/// A kernel's first launch may load it, which waits for the device: for ever, behind a hold. Each
/// is given work of nothing, whose pointers it does not follow, but the hold: it is warmed by
/// whoever has a flag for it.
Status Device::warm() const {
  if (auto run = launch(kFillKernel, FillWork{}, {}, stream_); !run) return run;
  if (auto run = launch(kCompareKernel, CompareWork{}, {}, stream_); !run) return run;
  if (auto run = launch(kCopyKernel, CopyWork{}, {}, stream_); !run) return run;
  if (auto run = launch(kPingKernel, PingWork{}, {}, stream_); !run) return run;
  return finish();
}

Status Device::enter() {
  if (auto usable = driver_.usable(); !usable) return usable;
  if (context_ == nullptr) {
    if (auto started = start(); !started) {
      stop();
      return pass_up(started.error(), unit_.uuid);
    }
  }
  return driver_.check(driver_.call.ctx_set_current(context_), "entering its context");
}

int Device::attribute(CUdevice_attribute which) const {
  int value = 0;
  const CUresult told = driver_.call.device_get_attribute(&value, which, device_);
  return told == CUDA_SUCCESS ? value : 0;
}

LaunchShape Device::shape_for(std::uint64_t items) const {
  const std::uint64_t most = static_cast<std::uint64_t>(processors_) * kBlocksEach;
  const std::uint64_t needed = (items + kThreads - 1) / kThreads;
  return {static_cast<unsigned>(std::clamp<std::uint64_t>(needed, 1, most)), kThreads};
}

Result<CUfunction> Device::function(const char* kernel) const {
  for (const auto& [name, found] : kernels_) {
    if (name == kernel) return found;
  }
  return fail(ErrorCode::internal, std::string("no kernel is called ") + kernel);
}

Status Device::launch_bytes(const char* kernel, void* work, LaunchShape shape,
                            CUstream stream) const {
  const auto found = function(kernel);
  if (!found) return tl::unexpected(found.error());
  std::array<void*, 1> parameters{work};
  return driver_.check(driver_.call.launch_kernel(*found, shape.blocks, 1, 1, shape.threads, 1, 1,
                                                  0, stream, parameters.data(), nullptr),
                       std::string("starting ") + kernel);
}

Status Device::finish() const {
  return driver_.check(driver_.call.stream_synchronize(stream_), "waiting for " + unit_.uuid);
}

}  // namespace plumbline::probes::cuda
