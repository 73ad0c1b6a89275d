#include "probes/drivers/cuda/cuda_machine.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "probes/drivers/cuda/copies.hpp"
#include "probes/drivers/cuda/device.hpp"
#include "probes/drivers/cuda/flag_trips.hpp"
#include "probes/drivers/cuda/regions.hpp"
#include "probes/drivers/host/machine.hpp"

namespace plumbline::probes {

namespace {

using cuda::CudaRegion;
using cuda::Device;
using cuda::Driver;

tl::unexpected<Error> bad(const std::string& what) {
  return fail(ErrorCode::invalid_input, "a GPU copy " + what);
}

Result<std::unique_ptr<GpuRegion>> as_gpu_region(cuda::Region region) {
  if (!region) return tl::unexpected(region.error());
  return std::unique_ptr<GpuRegion>(std::move(*region));
}

class CudaMachine final : public GpuMachine {
 public:
  CudaMachine(cuda::Library library, Machine host) : driver_(library), host_(std::move(host)) {
    for (const NumaNode& node : host_.numa_nodes()) {
      // On some machines a GPU's memory is a NUMA node too, one without CPUs: that is not the
      // host's.
      if (!node.cpus.empty() && node.memory.count > 0) numa_nodes_.push_back(node.index);
    }
    std::sort(numa_nodes_.begin(), numa_nodes_.end());
  }

  Status find_devices() {
    int count = 0;
    auto told = driver_.check(driver_.call.device_get_count(&count), "counting the GPUs");
    if (!told) return told;
    for (int ordinal = 0; ordinal < count; ++ordinal) {
      auto device = Device::open(driver_, ordinal);
      if (!device) return tl::unexpected(device.error());
      devices_.push_back(std::move(*device));
    }
    std::sort(devices_.begin(), devices_.end(), [](const auto& one, const auto& other) {
      return std::pair(one->unit().pci_address, one->unit().uuid) <
             std::pair(other->unit().pci_address, other->unit().uuid);
    });
    for (const auto& device : devices_)
      units_.push_back(device->unit());
    if (units_.empty()) return fail(ErrorCode::unavailable, "no GPU is given to this process");
    return {};
  }

  std::string library() const override {
    return "CUDA driver API " + cuda::version_text(driver_.version);
  }
  const std::vector<GpuUnit>& units() const override { return units_; }
  const std::vector<int>& numa_nodes() const override { return numa_nodes_; }

  Result<Bytes> free_memory(const std::string& uuid) override {
    const auto device = entered(uuid);
    if (!device) return tl::unexpected(device.error());
    std::size_t free = 0;
    std::size_t all = 0;
    auto told = driver_.check(driver_.call.mem_get_info(&free, &all), "asking for free memory");
    if (!told) return tl::unexpected(told.error());
    return Bytes{free};
  }

  Result<std::unique_ptr<GpuRegion>> allocate(const GpuPlace& place, Bytes size) override {
    if (size.count == 0 || size.count % 16 != 0) return bad("needs regions of multiples of 16");
    const auto device = place.on_host() ? any() : entered(place.gpu);
    if (!device) return tl::unexpected(device.error());
    if (!place.on_host()) return as_gpu_region(cuda::device_region(**device, size));
    if (!place.numa) return bad("needs a NUMA node or a GPU");
    return as_gpu_region(cuda::host_region(**device, host_, *place.numa, size));
  }

  Result<std::unique_ptr<GpuRegion>> allocate_shared(const GpuPlace& place, Bytes size,
                                                     ShareKind kind, std::string& words) override {
    const auto device = entered(place.gpu);
    if (!device) return tl::unexpected(device.error());
    return as_gpu_region(cuda::shared_region(**device, size, kind, words));
  }

  Result<std::unique_ptr<GpuRegion>> open_shared(const std::string& words,
                                                 const std::string& runner) override {
    const auto device = entered(runner);
    if (!device) return tl::unexpected(device.error());
    return as_gpu_region(cuda::opened_region(**device, words));
  }

  Status reach(const std::string& runner, const std::string& other) override {
    if (runner == other) return {};
    const auto to = entered(other);
    if (!to) return tl::unexpected(to.error());
    const auto from = entered(runner);
    if (!from) return tl::unexpected(from.error());
    int possible = 0;
    auto told = driver_.check(
        driver_.call.device_can_access_peer(&possible, (*from)->handle(), (*to)->handle()),
        "asking for peer access");
    if (!told) return told;
    if (possible == 0) {
      return fail(ErrorCode::unavailable,
                  "the driver gives " + runner + " no peer access to " + other);
    }
    const CUresult opened = driver_.call.ctx_enable_peer_access((*to)->context(), 0);
    if (opened == CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED) return {};
    return driver_.check(opened, "opening peer access from " + runner + " to " + other);
  }

  Status fill(GpuRegion& region, std::uint64_t seed, const std::string& worker) override {
    return write(region, {nullptr, 0, seed, 0}, worker);
  }

  Status poison(GpuRegion& region, const std::string& worker) override {
    return write(region, {nullptr, 0, 0, 1}, worker);
  }

  Result<Comparison> compare(const GpuRegion& region, Bytes size, std::uint64_t seed,
                             const std::string& worker) override;
  Result<std::vector<CopyTime>> copy(const std::vector<CopyOrder>& orders,
                                     Deadline deadline) override;
  Result<std::vector<double>> ping_pong(const std::string& runner, const GpuPlace& other,
                                        std::uint32_t count, Deadline deadline) override;

 private:
  Result<Device*> find(const std::string& uuid) const {
    for (const auto& device : devices_) {
      if (device->unit().uuid == uuid) return device.get();
    }
    return fail(ErrorCode::not_found, "no GPU " + uuid + " is given to this process");
  }

  Result<Device*> entered(const std::string& uuid) {
    const auto device = find(uuid);
    if (!device) return device;
    if (auto in = (*device)->enter(); !in) return tl::unexpected(in.error());
    current_ = *device;
    return device;
  }

  /// A device for the host's memory: one that is in use already, if there is one.
  Result<Device*> any() {
    return entered(current_ == nullptr ? units_.front().uuid : current_->unit().uuid);
  }

  /// The region as this driver made it, and the device that works on it, entered.
  Result<std::pair<const CudaRegion*, Device*>> at_work(const GpuRegion& region,
                                                        const std::string& worker) {
    const auto* const own = dynamic_cast<const CudaRegion*>(&region);
    if (own == nullptr) return bad("was given a region of another driver");
    const auto device =
        own->home() == nullptr ? entered(worker) : entered(own->home()->unit().uuid);
    if (!device) return tl::unexpected(device.error());
    return std::pair{own, *device};
  }

  Status write(GpuRegion& region, cuda::FillWork work, const std::string& worker) {
    const auto at = at_work(region, worker);
    if (!at) return tl::unexpected(at.error());
    work.words = reinterpret_cast<std::uint64_t*>(at->first->address());
    work.count = region.size().count / 8;
    Device& device = *at->second;
    auto queued =
        device.launch(cuda::kFillKernel, work, device.shape_for(work.count), device.stream());
    return queued ? device.finish() : queued;
  }

  Status take_flags() {
    if (flags_) return {};
    const auto device = any();
    if (!device) return tl::unexpected(device.error());
    if (numa_nodes_.empty()) return fail(ErrorCode::internal, "the host has no NUMA node");
    const Bytes size{cuda::Flags::kSize};
    auto region = cuda::host_region(**device, host_, numa_nodes_.front(), size);
    if (!region) return tl::unexpected(region.error());
    flags_ = std::move(*region);
    return {};
  }

  Result<cuda::Errand> errand_of(const CopyOrder& order);

  // In this order: what is declared last is gone first.
  Driver driver_;
  Machine host_;
  std::vector<int> numa_nodes_;
  std::vector<std::unique_ptr<Device>> devices_;
  std::vector<GpuUnit> units_;
  Device* current_ = nullptr;
  std::unique_ptr<CudaRegion> flags_;
  std::set<std::string> warmed_;
};

Result<Comparison> CudaMachine::compare(const GpuRegion& region, Bytes size, std::uint64_t seed,
                                        const std::string& worker) {
  if (size.count > region.size().count || size.count % 8 != 0) return bad("compares too much");
  if (auto taken = take_flags(); !taken) return tl::unexpected(taken.error());
  const auto at = at_work(region, worker);
  if (!at) return tl::unexpected(at.error());
  Device& device = *at->second;
  // What is found comes back through the device's memory: atomics on the host's are not everywhere.
  auto found = cuda::device_region(device, Bytes{sizeof(cuda::Difference)});
  if (!found) return tl::unexpected(found.error());
  auto* const words = static_cast<std::byte*>(flags_->host_address()) + 1024;
  auto* const difference = new (words) cuda::Difference{};
  const CUdeviceptr host = flags_->address() + 1024;
  const Bytes length{sizeof(cuda::Difference)};
  auto done = driver_.check(
      driver_.call.memcpy_async((*found)->address(), host, length.count, device.stream()),
      "beginning a comparison");
  if (!done) return tl::unexpected(done.error());
  const cuda::CompareWork work{reinterpret_cast<const std::uint64_t*>(at->first->address()),
                               size.count / 8, seed,
                               reinterpret_cast<cuda::Difference*>((*found)->address())};
  done = device.launch(cuda::kCompareKernel, work, device.shape_for(work.count), device.stream());
  if (!done) return tl::unexpected(done.error());
  done = driver_.check(
      driver_.call.memcpy_async(host, (*found)->address(), length.count, device.stream()),
      "ending a comparison");
  if (done) done = device.finish();
  if (!done) return tl::unexpected(done.error());
  Comparison comparison{difference->wrong, std::nullopt};
  if (difference->wrong > 0) comparison.first = difference->first;
  return comparison;
}

Result<cuda::Errand> CudaMachine::errand_of(const CopyOrder& order) {
  const auto* const source = dynamic_cast<const CudaRegion*>(order.source);
  const auto* const destination = dynamic_cast<const CudaRegion*>(order.destination);
  if (source == nullptr || destination == nullptr) return bad("needs this driver's regions");
  const std::uint64_t room = std::min(source->size().count, destination->size().count);
  if (order.message.count < 16 || order.message.count % 16 != 0 || order.message.count > room)
    return bad("needs messages of multiples of 16 that fit");
  if (order.repeats < 1 || order.repeats > kMostRepeats) return bad("has too many repeats");
  const auto runner = entered(order.runner);
  if (!runner) return tl::unexpected(runner.error());
  for (const CudaRegion* const region : {source, destination}) {
    // Memory that another process shared is open for the runner, whose region it is.
    if (region->home() == nullptr || region->home() == *runner) continue;
    auto open = reach(order.runner, region->home()->unit().uuid);
    if (!open) return tl::unexpected(open.error());
  }
  return cuda::Errand{&order, source, destination, *runner};
}

Result<std::vector<CopyTime>> CudaMachine::copy(const std::vector<CopyOrder>& orders,
                                                Deadline deadline) {
  std::vector<cuda::Errand> errands;
  for (const CopyOrder& order : orders) {
    auto errand = errand_of(order);
    if (!errand) return tl::unexpected(errand.error());
    errands.push_back(*errand);
  }
  if (errands.empty()) return bad("has no order");
  if (auto taken = take_flags(); !taken) return tl::unexpected(taken.error());
  return cuda::run_together(errands, cuda::Flags(*flags_), warmed_, deadline);
}

Result<std::vector<double>> CudaMachine::ping_pong(const std::string& runner, const GpuPlace& other,
                                                   std::uint32_t count, Deadline deadline) {
  if (count < 1 || count > 65536) return bad("latency needs 1 to 65536 round trips");
  const auto first = entered(runner);
  if (!first) return tl::unexpected(first.error());
  if (numa_nodes_.empty()) return fail(ErrorCode::internal, "the host has no NUMA node");
  cuda::TripEnds ends{**first, nullptr, host_, other.numa.value_or(numa_nodes_.front())};
  if (!other.on_host()) {
    if (auto open = reach(other.gpu, runner); !open) return tl::unexpected(open.error());
    if (auto open = reach(runner, other.gpu); !open) return tl::unexpected(open.error());
    const auto second = entered(other.gpu);
    if (!second) return tl::unexpected(second.error());
    if (*second == *first) return bad("latency needs two ends");
    ends.second = *second;
  }
  return cuda::half_trips(ends, count, deadline);
}

}  // namespace

Result<std::unique_ptr<GpuMachine>> open_cuda_machine(const std::string& library) {
  const auto opened = cuda::load_library(library);
  if (!opened) return tl::unexpected(opened.error());
  auto host = Machine::open({}, Depth::nodes);
  if (!host) return tl::unexpected(host.error());
  auto machine = std::make_unique<CudaMachine>(*opened, std::move(*host));
  if (auto found = machine->find_devices(); !found) return tl::unexpected(found.error());
  return machine;
}

std::string cuda_left_out() { return {}; }

}  // namespace plumbline::probes
