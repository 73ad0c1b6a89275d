#include "probes/drivers/cuda/flag_trips.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "probes/drivers/host/machine.hpp"

namespace plumbline::probes::cuda {

namespace {

constexpr std::uint32_t kWarmTrips = 256;
constexpr auto kMostWait = std::chrono::seconds(5);

// Where things lie in an end's region, in bytes: each in a line of its own, the ticks behind.
constexpr std::uint64_t kFlag = 0;
constexpr std::uint64_t kOtherFlag = 256;
constexpr std::uint64_t kExpired = 512;
constexpr std::uint64_t kClock = 768;
constexpr std::uint64_t kTicks = 4096;

std::uint64_t region_size(std::uint32_t count) {
  return kTicks + (std::uint64_t{count} * 8 + 4095) / 4096 * 4096;
}

/// Flags and clocks as the host sees them.
struct HostWorld {
  template <typename Word>
  Word load(const Word* word) const {
    return std::atomic_ref(*const_cast<Word*>(word)).load(std::memory_order_acquire);
  }
  template <typename Word>
  void store(Word* word, Word value) const {
    std::atomic_ref(*word).store(value, std::memory_order_release);
  }
  std::uint64_t nanoseconds() const {
    return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  }
  std::uint64_t ticks() const { return nanoseconds(); }
};

template <typename Value>
Value* at(CUdeviceptr base, std::uint64_t offset) {
  return reinterpret_cast<Value*>(base + offset);
}

/// All round trips of one measurement.
class Trips {
 public:
  Trips(const TripEnds& ends, std::uint32_t count, Deadline deadline)
      : ends_(ends),
        driver_(ends.first.driver()),
        count_(count),
        deadline_(deadline.earlier(Deadline::after(kMostWait))) {}

  Result<std::vector<double>> run() {
    if (auto ready = take_memory(); !ready) return tl::unexpected(ready.error());
    if (auto done = ends_.second == nullptr ? with_host() : with_device(); !done)
      return tl::unexpected(done.error());
    return read_ticks();
  }

 private:
  Status take_memory() {
    auto host = host_region(ends_.first, ends_.machine, ends_.numa, Bytes{region_size(count_)});
    if (!host) return tl::unexpected(host.error());
    host_ = std::move(*host);
    if (auto taken = take(ends_.first, first_); !taken) return taken;
    return ends_.second == nullptr ? Status{} : take(*ends_.second, second_);
  }

  /// A region on a device, all zero: pinned host memory begins as zero.
  Status take(Device& device, std::unique_ptr<CudaRegion>& region) {
    auto taken = device_region(device, host_->size());
    if (!taken) return tl::unexpected(taken.error());
    region = std::move(*taken);
    if (auto entered = device.enter(); !entered) return entered;
    auto queued = driver_.check(driver_.call.memcpy_async(region->address(), host_->address(),
                                                          region->size().count, device.stream()),
                                "clearing the flags");
    return queued ? device.finish() : queued;
  }

  PingWork work_of(bool first) const {
    PingWork work;
    work.expired = at<std::uint32_t>(host_->address(), kExpired);
    work.limit_ns = static_cast<std::uint64_t>(deadline_.left().count());
    work.warm = kWarmTrips;
    work.count = count_;
    work.first = first ? 1 : 0;
    work.ticks = at<std::uint64_t>(first_->address(), kTicks);
    work.clock = at<PingClock>(first_->address(), kClock);
    return work;
  }

  Status with_device() {
    PingWork begins = work_of(true);
    begins.mine = at<std::uint64_t>(first_->address(), kFlag);
    begins.theirs = at<std::uint64_t>(second_->address(), kFlag);
    PingWork answers = work_of(false);
    answers.mine = begins.theirs;
    answers.theirs = begins.mine;
    if (auto started = start(*ends_.second, answers); !started) return started;
    if (auto started = start(ends_.first, begins); !started) return started;
    if (auto done = finish(ends_.first); !done) return done;
    return finish(*ends_.second);
  }

  Status with_host() {
    PingWork begins = work_of(true);
    begins.mine = at<std::uint64_t>(host_->address(), kFlag);
    begins.theirs = at<std::uint64_t>(host_->address(), kOtherFlag);
    auto* const bytes = static_cast<std::byte*>(host_->host_address());
    PingWork answers = work_of(false);
    answers.mine = reinterpret_cast<std::uint64_t*>(bytes + kOtherFlag);
    answers.theirs = reinterpret_cast<std::uint64_t*>(bytes + kFlag);
    answers.expired = reinterpret_cast<std::uint32_t*>(bytes + kExpired);
    if (auto started = start(ends_.first, begins); !started) return started;
    Status bound;
    std::thread answering([&] {
      bound = ends_.machine.bind_thread(ends_.numa);
      static_cast<void>(ping(answers, HostWorld{}));
    });
    answering.join();
    const auto done = finish(ends_.first);
    return bound ? done : bound;
  }

  Status start(Device& device, const PingWork& work) {
    if (auto entered = device.enter(); !entered) return entered;
    return device.launch(kPingKernel, work, {}, device.stream());
  }

  Status finish(Device& device) {
    if (auto entered = device.enter(); !entered) return entered;
    // The kernel leaves by itself at the same time: a little later it is hung.
    const auto patience = Deadline::at(deadline_.moment() + std::chrono::seconds(1));
    const auto ready = [&] { return driver_.call.stream_query(device.stream()); };
    return await(driver_, ready, "sending a flag to and fro", patience);
  }

  Result<std::vector<double>> read_ticks() {
    auto* const bytes = static_cast<std::byte*>(host_->host_address());
    if (HostWorld{}.load(reinterpret_cast<std::uint32_t*>(bytes + kExpired)) != 0)
      return fail(ErrorCode::deadline_exceeded, "the flag did not come back in time");
    if (auto entered = ends_.first.enter(); !entered) return tl::unexpected(entered.error());
    auto queued =
        driver_.check(driver_.call.memcpy_async(host_->address(), first_->address(),
                                                first_->size().count, ends_.first.stream()),
                      "reading the clock of the flag");
    if (queued) queued = ends_.first.finish();
    if (!queued) return tl::unexpected(queued.error());
    const auto* const clock = reinterpret_cast<const PingClock*>(bytes + kClock);
    if (clock->ticks == 0 || clock->nanoseconds == 0)
      return fail(ErrorCode::internal, "the GPU's clocks did not move");
    const double tick =
        static_cast<double>(clock->nanoseconds) * 1e-9 / static_cast<double>(clock->ticks);
    const auto* const ticks = reinterpret_cast<const std::uint64_t*>(bytes + kTicks);
    std::vector<double> halves;
    for (std::uint32_t i = 0; i < count_; ++i)
      halves.push_back(static_cast<double>(ticks[i]) * tick / 2);
    return halves;
  }

  TripEnds ends_;
  Driver& driver_;
  std::uint32_t count_;
  Deadline deadline_;
  std::unique_ptr<CudaRegion> host_;
  std::unique_ptr<CudaRegion> first_;
  std::unique_ptr<CudaRegion> second_;
};

}  // namespace

Result<std::vector<double>> half_trips(const TripEnds& ends, std::uint32_t count,
                                       Deadline deadline) {
  return Trips(ends, count, deadline).run();
}

}  // namespace plumbline::probes::cuda
