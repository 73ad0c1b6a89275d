#include "probes/gpu/gpu_number.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "probes/gpu/room.hpp"
#include "probes/pattern.hpp"
#include "probes/sampling.hpp"

namespace plumbline::probes {

namespace {

constexpr double kWindow = 0.05;
/// Where copies take next to no time of the device, the holds do: so many rounds are enough.
constexpr std::size_t kMostRounds = 400;
constexpr std::uint32_t kTrips = 2000;

/// One stream with its memory.
struct Lane {
  GpuStream stream;
  std::unique_ptr<GpuRegion> source;
  std::unique_ptr<GpuRegion> destination;
  std::uint32_t repeats = 1;
  double bytes = 0;
  double seconds = 0;
  Bytes moved;
};

/// The GPU that fills and compares a region: its own, or the stream's for host memory.
const std::string& worker_of(const Lane& lane, const GpuRegion& region) {
  return region.place().on_host() ? lane.stream.runner : region.place().gpu;
}

class CopyRun {
 public:
  CopyRun(const Task& task, GpuMachine& machine, const GpuCase& one, std::uint64_t number)
      : task_(task), machine_(machine), case_(one), number_(number) {}

  Result<GpuRecord> run() {
    if (auto taken = take_memory(); !taken) return tl::unexpected(taken.error());
    if (auto found = calibrate(); !found) return tl::unexpected(found.error());
    auto batches = sample(task_, [this](std::uint64_t batch) { return measure(batch); });
    if (!batches) return tl::unexpected(batches.error());
    GpuRecord record;
    record.batches = std::move(*batches);
    record.repeats = lanes_.front().repeats;
    for (const Lane& lane : lanes_) {
      record.streams.push_back(lane.seconds > 0 ? lane.bytes / lane.seconds : 0);
      record.moved.push_back(lane.moved);
    }
    return record;
  }

 private:
  Status take_memory() {
    const Bytes size = region_of(case_.message);
    for (const GpuStream& stream : case_.streams) {
      Lane lane;
      lane.stream = stream;
      auto source = machine_.allocate(stream.from, size);
      if (!source) return tl::unexpected(source.error());
      auto destination = machine_.allocate(stream.to, size);
      if (!destination) return tl::unexpected(destination.error());
      lane.source = std::move(*source);
      lane.destination = std::move(*destination);
      lanes_.push_back(std::move(lane));
    }
    return {};
  }

  /// One round of everything at once; each stream's time.
  Result<std::vector<CopyTime>> round() {
    std::vector<CopyOrder> orders;
    for (Lane& lane : lanes_) {
      orders.push_back({lane.source.get(), lane.destination.get(), lane.stream.runner, case_.engine,
                        case_.message, lane.repeats});
    }
    auto times = machine_.copy(orders, task_.deadline);
    if (!times) return times;
    if (times->size() != lanes_.size())
      return fail(ErrorCode::internal, "the driver told not every stream's time");
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      if (!((*times)[i].elapsed.value > 0))
        return fail(ErrorCode::internal, "the device's events say that a copy took no time");
      lanes_[i].moved.count += case_.message.count * lanes_[i].repeats;
    }
    return times;
  }

  /// Each stream gets as many copies as last a window, by its own speed while all run, so that all
  /// end at about the same time. The first round is for whatever happens only once.
  Status calibrate() {
    for (const std::uint32_t repeats : {1U, 2U}) {
      for (Lane& lane : lanes_)
        lane.repeats = repeats;
      const auto times = round();
      if (!times) return tl::unexpected(times.error());
      if (repeats == 1) continue;
      for (std::size_t i = 0; i < lanes_.size(); ++i) {
        const double wanted = std::ceil(kWindow / ((*times)[i].elapsed.value / repeats));
        // Streams of one device may share a queue of the hardware: together they fill at most one.
        const auto most = std::max<std::size_t>(1, GpuMachine::kMostRepeats / lanes_.size());
        lanes_[i].repeats =
            static_cast<std::uint32_t>(std::clamp(wanted, 1.0, static_cast<double>(most)));
      }
    }
    return {};
  }

  Result<Batch> measure(std::uint64_t batch) {
    task_.sink.step(case_.words() + " batch " + std::to_string(batch), 0);
    if (auto ready = prepare(batch); !ready) return tl::unexpected(ready.error());
    Batch result;
    double all_time = 0;
    double window_time = 0;
    double windowed = 0;  // bytes of the windows that are full
    for (std::size_t rounds = 0; rounds < kMostRounds; ++rounds) {
      const auto times = round();
      if (!times) return tl::unexpected(times.error());
      const double longest = add(*times, result.payload);
      all_time += longest;
      window_time += longest;
      if (window_time >= kWindow) {
        const auto bytes = static_cast<double>(result.payload.count);
        result.windows.push_back((bytes - windowed) / window_time);
        windowed = bytes;
        window_time = 0;
      }
      if (all_time >= task_.request.budget.batch.value || task_.deadline.passed()) break;
    }
    result.value = static_cast<double>(result.payload.count) / all_time;
    if (auto right = verify(batch); !right) return tl::unexpected(right.error());
    return result;
  }

  std::uint64_t seed_of(std::uint64_t batch, std::size_t lane) const {
    return mix(batch_seed(task_.request.seed, number_, batch) + lane);
  }

  Status prepare(std::uint64_t batch) {
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      Lane& lane = lanes_[i];
      auto filled = machine_.fill(*lane.source, seed_of(batch, i), worker_of(lane, *lane.source));
      if (filled) filled = machine_.poison(*lane.destination, worker_of(lane, *lane.destination));
      if (!filled) return filled;
    }
    return {};
  }

  /// Adds a round's bytes and each stream's time; the time of the slowest.
  double add(const std::vector<CopyTime>& times, Bytes& payload) {
    double longest = 0;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      const std::uint64_t bytes = case_.message.count * lanes_[i].repeats;
      payload.count += bytes;
      lanes_[i].bytes += static_cast<double>(bytes);
      lanes_[i].seconds += times[i].elapsed.value;
      longest = std::max(longest, times[i].elapsed.value);
    }
    return longest;
  }

  Status verify(std::uint64_t batch) {
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      const Lane& lane = lanes_[i];
      const std::uint64_t slots = lane.destination->size().count / case_.message.count;
      const Bytes written{case_.message.count * std::min<std::uint64_t>(slots, lane.repeats)};
      const auto found = machine_.compare(*lane.destination, written, seed_of(batch, i),
                                          worker_of(lane, *lane.destination));
      if (!found) return tl::unexpected(found.error());
      if (found->wrong == 0) continue;
      return fail(ErrorCode::data_corrupt, std::to_string(found->wrong) + " of " +
                                               std::to_string(written.count) +
                                               " bytes are not those sent, the first at " +
                                               std::to_string(found->first.value_or(0)) +
                                               ", in batch " + std::to_string(batch));
    }
    return {};
  }

  const Task& task_;
  GpuMachine& machine_;
  const GpuCase& case_;
  std::uint64_t number_;
  std::vector<Lane> lanes_;
};

}  // namespace

Result<GpuRecord> measure_gpu_copy(const Task& task, GpuMachine& machine, const GpuCase& one,
                                   std::uint64_t number) {
  return CopyRun(task, machine, one, number).run();
}

Result<GpuRecord> measure_gpu_latency(const Task& task, GpuMachine& machine, const GpuCase& one) {
  const GpuStream& stream = one.streams.front();
  const GpuPlace other = stream.runner == stream.to.gpu ? stream.from : stream.to;
  const auto batches = sample(task, [&](std::uint64_t number) -> Result<Batch> {
    task.sink.step(one.words() + " batch " + std::to_string(number), 0);
    const auto halves = machine.ping_pong(stream.runner, other, kTrips, task.deadline);
    if (!halves) return tl::unexpected(halves.error());
    if (halves->empty()) return fail(ErrorCode::internal, "the driver told no round trip");
    Batch batch;
    batch.samples = *halves;
    batch.value = quantile(*halves, 0.5);
    batch.payload = Bytes{8ULL * 2 * halves->size()};
    return batch;
  });
  if (!batches) return tl::unexpected(batches.error());
  GpuRecord record;
  record.batches = *batches;
  return record;
}

}  // namespace plumbline::probes
