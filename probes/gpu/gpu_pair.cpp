#include "probes/gpu/gpu_pair.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>

#include "core/statistics/sampling.hpp"
#include "probes/gpu/gpu_witness.hpp"
#include "probes/gpu/hang_watch.hpp"
#include "probes/gpu/pair_counters.hpp"
#include "probes/gpu/pair_talk.hpp"
#include "probes/gpu/room.hpp"
#include "probes/gpu/tenant_look.hpp"
#include "probes/pattern.hpp"
#include "probes/sampling.hpp"

namespace plumbline::probes {

namespace {

constexpr std::chrono::seconds kLookTime{5};
constexpr std::chrono::milliseconds kIdleLook{50};
constexpr std::chrono::seconds kHung{2};
constexpr Bytes kMessage{256ULL << 20U};
constexpr double kWindow = 0.05;
constexpr int kInternal = 70;

std::string share_of(const Request& request) {
  const auto given = request.options.find("share");
  if (given != request.options.end()) return given->second;
  return request.ends[0].node == request.ends[1].node ? "ipc" : "fabric";
}

Bytes message_of(const Request& request) {
  return request.sizes.empty() ? kMessage : request.sizes.back();
}

Outcome identity_of(const Request& request) {
  Outcome outcome;
  outcome.probe = "gpu_pair";
  if (request.ends.size() < 2) return outcome;
  outcome.from = request.ends[0];
  outcome.to = request.ends[1];
  outcome.parameters = {{"direction", "write"},
                        {"engine", "dma"},
                        {"share", share_of(request)},
                        {"size", std::to_string(message_of(request).count)}};
  return outcome;
}

/// What ends a run at once, from another thread.
using Leave = std::function<void(const Error&)>;

/// One end of a pair under way.
class PairRun {
 public:
  PairRun(const Task& task, GpuAccess& access, Leave leave)
      : leave_(std::move(leave)),
        task_(task),
        machine_(*access.machine),
        access_(access),
        talk_(task),
        own_(task.request.ends[static_cast<std::size_t>(task.rendezvous->rank())].device),
        size_(message_of(task.request)) {}

  Result<Measured> run() {
    // Nobody makes a context before both have looked: the two may be on one GPU.
    if (auto free = talk_.exchange(look()); !free) return tl::unexpected(free.error());
    const auto words = talk_.exchange(take_memory());
    if (!words) return tl::unexpected(words.error());
    const TenantLook watch(*access_.instruments, {own_}, one_gpu() ? 2 : 1,
                           [this](const std::string& who) {
                             leave_({ErrorCode::cancelled, who + "; measuring was aborted"});
                           });
    look_at_counters();
    if (auto open = talk_.exchange(open_memory(*words)); !open) return tl::unexpected(open.error());
    if (sender()) {
      if (auto found = calibrate(); !found) return give_up(found.error());
    }
    for (std::uint64_t batch = 0;; ++batch) {
      const auto more = one_batch(batch);
      if (!more) return tl::unexpected(more.error());
      if (!*more) break;
    }
    // Shared memory is given back by who opened it before its owner frees it.
    theirs_.reset();
    tallies_.after = tally();
    const auto closed = talk_.exchange(encode_tallies(tallies_, own_));
    if (!closed) return tl::unexpected(closed.error());
    return number(*closed);
  }

 private:
  bool sender() const { return talk_.rank() == 0; }
  bool one_gpu() const { return task_.request.ends[0].device == task_.request.ends[1].device; }

  GpuTally tally() const {
    GpuCase own;
    own.streams = {{{own_, std::nullopt}, {own_, std::nullopt}, own_}};
    return tally_of(access_, own, task_.clock, task_.deadline);
  }

  /// Before a byte of ours moves: two looks give the idle rate.
  void look_at_counters() {
    tallies_.idle = tally();
    if (!tallies_.idle.of.empty()) task_.clock.wait_until(task_.clock.now() + kIdleLook);
    tallies_.before = tally();
  }

  Result<std::string> look() {
    if (!access_.instruments)
      return fail(ErrorCode::unavailable, "nobody can tell who holds the GPU: " + access_.blind);
    auto node = access_.instruments->look(Deadline::after(kLookTime).earlier(task_.deadline));
    if (!node) return tl::unexpected(node.error());
    facts_ = std::move(*node);
    if (auto held = held_by(facts_, own_)) return fail(ErrorCode::unavailable, *held);
    return std::string("free");
  }

  Result<std::string> take_memory() {
    const auto& units = machine_.units();
    const auto unit = std::find_if(units.begin(), units.end(),
                                   [&](const GpuUnit& each) { return each.uuid == own_; });
    if (unit == units.end())
      return fail(ErrorCode::unavailable, "no GPU " + own_ + " is given to this process");
    const auto free = machine_.free_memory(own_);
    if (!free) return tl::unexpected(free.error());
    // Both ends may be on one GPU, and then each takes its part.
    if (2 * size_.count > gpu_room(*free, unit->memory).count)
      return fail(ErrorCode::unavailable, format_size(size_) + " of " + own_ + " may not be taken");
    std::string words = "none";
    const auto kind = share_of(task_.request) == "ipc" ? ShareKind::ipc : ShareKind::fabric;
    auto region = sender() ? machine_.allocate({own_, std::nullopt}, size_)
                           : machine_.allocate_shared({own_, std::nullopt}, size_, kind, words);
    if (!region) return tl::unexpected(region.error());
    mine_ = std::move(*region);
    return words;
  }

  Result<std::string> open_memory(const std::string& words) {
    if (!sender()) return std::string("waiting");
    auto region = machine_.open_shared(words, own_);
    if (!region) return tl::unexpected(region.error());
    theirs_ = std::move(*region);
    return std::string("open");
  }

  /// Tells the other end, which waits for the batch's opening.
  Result<Measured> give_up(const Error& error) {
    static_cast<void>(talk_.exchange(tl::unexpected(error)));
    return tl::unexpected(error);
  }

  Result<double> round(std::uint32_t repeats) {
    const CopyOrder order{mine_.get(), theirs_.get(), own_, CopyEngine::dma, size_, repeats};
    const auto times = machine_.copy({order}, task_.deadline);
    if (!times) return tl::unexpected(times.error());
    moved_ += static_cast<double>(size_.count) * repeats;
    if (times->empty() || !(times->front().elapsed.value > 0))
      return fail(ErrorCode::internal, "the device's events say that a copy took no time");
    return times->front().elapsed.value;
  }

  Status calibrate() {
    if (auto first = round(1); !first) return tl::unexpected(first.error());
    const auto time = round(2);
    if (!time) return tl::unexpected(time.error());
    const double wanted = std::ceil(kWindow / (*time / 2));
    repeats_ = static_cast<std::uint32_t>(
        std::clamp(wanted, 1.0, static_cast<double>(GpuMachine::kMostRepeats)));
    started_ = task_.clock.now();
    return {};
  }

  std::uint64_t seed_of(std::uint64_t batch) const {
    return batch_seed(task_.request.seed, 0, batch);
  }

  /// Open (go or end; the destination poisoned, the source filled), copy, compare.
  Result<bool> one_batch(std::uint64_t batch) {
    const auto opening = talk_.exchange(open_batch(batch));
    if (!opening) return tl::unexpected(opening.error());
    if (!go_ || *opening == "end") return false;
    const auto sent = talk_.exchange(sender() ? send() : Result<std::string>("waiting"));
    if (!sent) return tl::unexpected(sent.error());
    const auto checked = talk_.exchange(sender() ? Result<std::string>("waiting") : check(batch));
    if (!checked) return tl::unexpected(checked.error());
    return true;
  }

  Result<std::string> open_batch(std::uint64_t batch) {
    task_.sink.step("gpu_pair batch " + std::to_string(batch), 0);
    if (!sender()) {
      if (auto done = machine_.poison(*mine_, own_); !done) return tl::unexpected(done.error());
      return std::string("poisoned");
    }
    Budget budget = task_.request.budget;
    budget.bytes = Bytes{~0ULL};
    std::vector<double> values;
    for (const Batch& each : batches_)
      values.push_back(each.value);
    const Seconds spent = in_seconds(task_.clock.now() - started_);
    go_ = !task_.deadline.passed() && !StopRule(budget).stop(values, spent, Bytes{});
    if (!go_) return std::string("end");
    if (auto done = machine_.fill(*mine_, seed_of(batch), own_); !done)
      return tl::unexpected(done.error());
    return std::string("go");
  }

  Result<std::string> send() {
    Batch batch;
    double time = 0;
    while (time < task_.request.budget.batch.value && !task_.deadline.passed()) {
      const auto took = round(repeats_);
      if (!took) return tl::unexpected(took.error());
      time += *took;
      const std::uint64_t bytes = size_.count * repeats_;
      batch.payload.count += bytes;
      batch.windows.push_back(static_cast<double>(bytes) / *took);
    }
    if (time <= 0) return fail(ErrorCode::deadline_exceeded, "no time was left for it");
    batch.value = static_cast<double>(batch.payload.count) / time;
    batches_.push_back(std::move(batch));
    return std::string("sent");
  }

  Result<std::string> check(std::uint64_t batch) {
    const auto found = machine_.compare(*mine_, size_, seed_of(batch), own_);
    if (!found) return tl::unexpected(found.error());
    if (found->wrong == 0) return std::string("right");
    return fail(ErrorCode::data_corrupt, std::to_string(found->wrong) + " of " +
                                             std::to_string(size_.count) +
                                             " bytes are not those sent, the first at " +
                                             std::to_string(found->first.value_or(0)) +
                                             ", in batch " + std::to_string(batch));
  }

  /// The link that should have carried it. In a pod NVML may tell of our own GPU alone: then the
  /// link whose counter grew is held against the payload.
  bool over_nvlink() const {
    const auto& other = task_.request.ends[1].device;
    if (share_of(task_.request) == "fabric") return true;
    if (knows_peer(facts_, own_, other)) return by_nvlink(facts_, own_, other);
    const auto before = tallies_.before.of.find(own_);
    const auto after = tallies_.after.of.find(own_);
    if (before == tallies_.before.of.end() || after == tallies_.after.of.end()) return false;
    const auto sent = [](const GpuCounters& counters) {
      return static_cast<double>(counters.nvlink_sent.value_or(Bytes{0}).count);
    };
    return sent(after->second) - sent(before->second) > moved_ / 2;
  }

  /// The counters of both ends; two processes on one GPU move nothing over its links.
  Status add_counters(const std::string& told, Measured& measured) const {
    const auto& ends = task_.request.ends;
    const auto other = decode_tallies(told, ends[1].device);
    if (!other) return tl::unexpected(other.error());
    if (one_gpu()) return {};
    const bool nvlink = over_nvlink();
    for (Proof& proof : prove_flow(ends[0], {moved_, 0}, nvlink, tallies_))
      measured.proof.push_back(std::move(proof));
    for (Proof& proof : prove_flow(ends[1], {0, moved_}, nvlink, *other))
      measured.proof.push_back(std::move(proof));
    return {};
  }

  Result<Measured> number(const std::string& told) {
    if (!sender()) return Measured{};
    if (batches_.empty()) return fail(ErrorCode::deadline_exceeded, "no time was left for it");
    Measured measured = summarise_bandwidth(batches_, task_.request.budget.width);
    measured.counters["copies_held"] = repeats_;
    const auto& ends = task_.request.ends;
    measured.proof.push_back({"library",
                              ends[0],
                              machine_.library(),
                              machine_.library() + " opened the memory of the other process by " +
                                  share_of(task_.request),
                              {},
                              {},
                              {},
                              true});
    if (auto proven = add_counters(told, measured); !proven) return tl::unexpected(proven.error());
    const auto now = access_.instruments->look(Deadline::after(kLookTime));
    measured.caveats = caveats_of(now ? *now : facts_, {own_});
    return measured;
  }

  Leave leave_;
  const Task& task_;
  GpuMachine& machine_;
  GpuAccess& access_;
  PairTalk talk_;
  GpuTallies tallies_;
  double moved_ = 0;
  std::string own_;
  Bytes size_;
  GpuNode facts_;
  std::unique_ptr<GpuRegion> mine_;
  std::unique_ptr<GpuRegion> theirs_;
  std::uint32_t repeats_ = 1;
  bool go_ = true;
  Moment started_;
  std::vector<Batch> batches_;
};

class GpuPairProbe final : public Probe {
 public:
  explicit GpuPairProbe(GpuOpener open) : open_(std::move(open)) {}
  std::string name() const override { return "gpu_pair"; }

  std::vector<Outcome> planned(const Request& request) const override {
    if (request.rank != 0) return {};
    return {identity_of(request)};
  }

  std::optional<std::string> inapplicable(const Task& task) const override {
    opened_ = open_(task.request);
    if (opened_) return std::nullopt;
    return opened_.error().message;
  }

  Status run(const Task& task) override {
    if (auto good = check_request(task); !good) return good;
    const Moment started = task.clock.now();
    const Outcome identity = identity_of(task.request);
    const HangWatch watch(Deadline::at(task.deadline.moment() + kHung), [&] {
      leave(task, {ErrorCode::deadline_exceeded,
                   "the driver did not come back from a copy between two processes"});
    });
    const auto result =
        PairRun(task, *opened_, [&task](const Error& why) { leave(task, why); }).run();
    opened_->machine.reset();
    if (task.rendezvous->rank() != 0) return {};
    if (!result && result.error().code == ErrorCode::unavailable) {
      Outcome skipped = identity;
      skipped.result = Skipped{result.error().message};
      skipped.finished_at = task.clock.wall_time();
      return task.sink.outcome(skipped);
    }
    return task.sink.outcome(finish(task, identity, result, started));
  }

 private:
  static Status check_request(const Task& task) {
    const Request& request = task.request;
    const bool two = request.ends.size() == 2 && task.rendezvous != nullptr;
    if (!two) return fail(ErrorCode::invalid_input, "gpu_pair has two ends");
    const std::string share = share_of(request);
    const std::uint64_t size = message_of(request).count;
    const bool good = (share == "ipc" || share == "fabric") && size >= 4096 && size % 16 == 0 &&
                      !request.ends[0].device.empty() && !request.ends[1].device.empty();
    if (good) return {};
    return fail(ErrorCode::invalid_input,
                "gpu_pair needs two GPUs by UUID, share = ipc or fabric, and sizes from 4 KiB in "
                "multiples of 16");
  }

  [[noreturn]] static void leave(const Task& task, const Error& why) {
    if (task.rendezvous->rank() == 0) {
      Outcome outcome = identity_of(task.request);
      outcome.result = Failed{why, {}};
      outcome.finished_at = task.clock.wall_time();
      static_cast<void>(task.sink.outcome(outcome));
    }
    static_cast<void>(std::fprintf(stderr, "plumbline-probe: %s\n", why.message.c_str()));
    _exit(kInternal);
  }

  GpuOpener open_;
  mutable Result<GpuAccess> opened_;
};

}  // namespace

std::unique_ptr<Probe> gpu_pair_probe(GpuOpener open) {
  return std::make_unique<GpuPairProbe>(std::move(open));
}

}  // namespace plumbline::probes
