#include "probes/drivers/cuda/copies.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

namespace plumbline::probes::cuda {

namespace {

/// Flags lie in different lines of the host's cache.
constexpr std::size_t kReleased = 0;
constexpr std::size_t kExpired = 64;
/// Longer than it takes to queue everything, and short enough for a mistake to show.
constexpr std::uint64_t kHoldLimitNs = 5'000'000'000;
constexpr std::uint64_t kWarmBytes = 16;

/// One errand's stream with the events around it.
class Lane {
 public:
  explicit Lane(const Errand& errand) : errand_(errand), driver_(errand.runner->driver()) {}
  ~Lane() {
    if (driver_.lost() || !errand_.runner->enter()) return;
    if (began_ != nullptr) static_cast<void>(driver_.call.event_destroy(began_));
    if (ended_ != nullptr) static_cast<void>(driver_.call.event_destroy(ended_));
    if (stream_ != nullptr) static_cast<void>(driver_.call.stream_destroy(stream_));
  }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  Status open() {
    if (auto entered = errand_.runner->enter(); !entered) return entered;
    const Functions& call = driver_.call;
    auto done = driver_.check(call.stream_create(&stream_, CU_STREAM_NON_BLOCKING), "a stream");
    if (!done) return done;
    done = driver_.check(call.event_create(&began_, CU_EVENT_DEFAULT), "making an event");
    if (!done) return done;
    return driver_.check(call.event_create(&ended_, CU_EVENT_DEFAULT), "making an event");
  }

  /// A short copy of the same kind that nothing holds, and a hold that is open.
  Status warm(const Flags& flags, std::set<std::string>& warmed) {
    const CopyOrder& order = *errand_.order;
    const std::string name = order.runner + (order.engine == CopyEngine::sm ? " sm " : " dma ") +
                             order.source->place().gpu + " " + order.destination->place().gpu;
    if (!warmed.insert(name).second) return {};
    flags.open();
    if (auto held = queue_hold(flags); !held) return held;
    if (auto copied = queue_copy(0, kWarmBytes); !copied) return copied;
    return driver_.check(driver_.call.stream_synchronize(stream_), "warming up a copy");
  }

  Status queue(const Flags& flags) {
    if (auto entered = errand_.runner->enter(); !entered) return entered;
    if (auto held = queue_hold(flags); !held) return held;
    const Functions& call = driver_.call;
    if (auto marked = driver_.check(call.event_record(began_, stream_), "marking a begin"); !marked)
      return marked;
    const CopyOrder& order = *errand_.order;
    const std::uint64_t room =
        std::min(errand_.source->size().count, errand_.destination->size().count);
    const std::uint64_t slots = room / order.message.count;
    for (std::uint32_t i = 0; i < order.repeats; ++i) {
      auto copied = queue_copy(i % slots * order.message.count, order.message.count);
      if (!copied) return copied;
    }
    return driver_.check(call.event_record(ended_, stream_), "marking an end");
  }

  Status finish(Deadline deadline) {
    if (auto entered = errand_.runner->enter(); !entered) return entered;
    const auto ready = [this] { return driver_.call.stream_query(stream_); };
    return await(driver_, ready, "copying by " + errand_.order->runner, deadline);
  }

  Result<CopyTime> time() {
    float milliseconds = 0;
    auto told = driver_.check(driver_.call.event_elapsed_time(&milliseconds, began_, ended_),
                              "reading the events' time");
    if (!told) return tl::unexpected(told.error());
    return CopyTime{{static_cast<double>(milliseconds) * 1e-3}};
  }

 private:
  Status queue_hold(const Flags& flags) {
    const HoldWork work{flags.released_address(), flags.expired_address(), kHoldLimitNs};
    return errand_.runner->launch(kHoldKernel, work, {}, stream_);
  }

  Status queue_copy(std::uint64_t offset, std::uint64_t bytes) {
    const CUdeviceptr source = errand_.source->address() + offset;
    const CUdeviceptr destination = errand_.destination->address() + offset;
    if (errand_.order->engine == CopyEngine::dma) {
      return driver_.check(driver_.call.memcpy_async(destination, source, bytes, stream_),
                           "queueing a copy");
    }
    const CopyWork work{reinterpret_cast<const Sixteen*>(source),
                        reinterpret_cast<Sixteen*>(destination), bytes / sizeof(Sixteen)};
    return errand_.runner->launch(kCopyKernel, work, errand_.runner->shape_for(work.count),
                                  stream_);
  }

  Errand errand_;
  Driver& driver_;
  CUstream stream_ = nullptr;
  CUevent began_ = nullptr;
  CUevent ended_ = nullptr;
};

using Lanes = std::vector<std::unique_ptr<Lane>>;

Status prepare(Lanes& lanes, const std::vector<Errand>& errands, const Flags& flags,
               std::set<std::string>& warmed) {
  for (const Errand& errand : errands) {
    auto& lane = lanes.emplace_back(std::make_unique<Lane>(errand));
    if (auto opened = lane->open(); !opened) return opened;
    if (auto warm = lane->warm(flags, warmed); !warm) return warm;
  }
  return {};
}

Status queue_all(const Lanes& lanes, const Flags& flags) {
  for (const auto& lane : lanes) {
    if (auto queued = lane->queue(flags); !queued) return queued;
  }
  return {};
}

}  // namespace

std::uint32_t* Flags::host_word(std::size_t index) const {
  return static_cast<std::uint32_t*>(region_.host_address()) + index;
}

std::uint32_t* Flags::device_word(std::size_t index) const {
  return reinterpret_cast<std::uint32_t*>(region_.address()) + index;
}

void Flags::close() const {
  std::atomic_ref(*host_word(kExpired)).store(0);
  std::atomic_ref(*host_word(kReleased)).store(0);
}

void Flags::open() const { std::atomic_ref(*host_word(kReleased)).store(1); }

bool Flags::expired() const { return std::atomic_ref(*host_word(kExpired)).load() != 0; }

const std::uint32_t* Flags::released_address() const { return device_word(kReleased); }
std::uint32_t* Flags::expired_address() const { return device_word(kExpired); }

Status await(Driver& driver, const std::function<CUresult()>& ready, const std::string& doing,
             Deadline deadline) {
  while (true) {
    const CUresult now = ready();
    if (now != CUDA_ERROR_NOT_READY) return driver.check(now, doing);
    if (deadline.passed()) {
      driver.lose({ErrorCode::deadline_exceeded, doing + ": it had not ended at the deadline"});
      return driver.usable();
    }
    std::this_thread::yield();
  }
}

Result<std::vector<CopyTime>> run_together(const std::vector<Errand>& errands, const Flags& flags,
                                           std::set<std::string>& warmed, Deadline deadline) {
  Lanes lanes;
  if (auto ready = prepare(lanes, errands, flags, warmed); !ready)
    return tl::unexpected(ready.error());
  flags.close();
  const auto queued = queue_all(lanes, flags);
  flags.open();  // whatever went wrong: nothing may be left waiting
  if (!queued) return tl::unexpected(queued.error());
  for (const auto& lane : lanes) {
    if (auto done = lane->finish(deadline); !done) return tl::unexpected(done.error());
  }
  if (flags.expired())
    return fail(ErrorCode::internal, "the streams could not be filled within 5 s of the hold");
  std::vector<CopyTime> times;
  for (const auto& lane : lanes) {
    const auto time = lane->time();
    if (!time) return tl::unexpected(time.error());
    times.push_back(*time);
  }
  return times;
}

}  // namespace plumbline::probes::cuda
