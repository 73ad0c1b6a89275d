#include "probes/gpu/gpu_probe.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <mutex>

#include "probes/gpu/gpu_number.hpp"
#include "probes/gpu/gpu_witness.hpp"
#include "probes/gpu/hang_watch.hpp"
#include "probes/gpu/room.hpp"
#include "probes/gpu/tenant_look.hpp"
#include "probes/sampling.hpp"

namespace plumbline::probes {

namespace {

/// What a number may take beyond its budget: contexts, memory, the last batch's verification.
constexpr std::chrono::seconds kPatience{10};
/// A driver that has not come back so long after a number's deadline will not.
constexpr std::chrono::seconds kHung{2};
constexpr std::chrono::milliseconds kIdleLook{50};
constexpr std::chrono::seconds kLookTime{5};
constexpr double kSideBatch = 0.06;  ///< a batch of a size that is not judged, in seconds

std::string node_of(const Request& request) {
  return request.ends.empty() ? "" : request.ends[0].node;
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string uuid_wanted(const Request& request) {
  return request.ends.empty() ? "" : request.ends[0].device;
}

/// One run over all cases.
class GpuRun {
 public:
  GpuRun(const Task& task, GpuAccess access, std::string probe, const GpuOpener& open)
      : task_(task), access_(std::move(access)), probe_(std::move(probe)), open_(open) {}

  Status run() {
    if (auto known = look(); !known) return skip_probe(known.error().message);
    if (auto chosen = choose(); !chosen) return skip_probe(chosen.error().message);
    find_rooms();
    choose_sizes();
    cases_ = gpu_cases(probe_, world_);
    drop_impossible();
    if (cases_.empty()) return nothing_there();
    const auto watch = tenant_look();
    while (next_ < cases_.size()) {
      const Outcome outcome = outcome_of(cases_[next_]);
      const std::lock_guard lock(telling_);
      if (auto given = task_.sink.outcome(outcome); !given) return given;
      ++next_;
    }
    return {};
  }

 private:
  Status look() {
    if (!access_.instruments)
      return fail(ErrorCode::unavailable, "nobody can tell who holds the GPUs: " + access_.blind);
    auto node = access_.instruments->look(Deadline::after(kLookTime).earlier(task_.deadline));
    if (!node) return tl::unexpected(node.error());
    facts_ = std::move(*node);
    return {};
  }

  Status skip_probe(const std::string& reason) {
    Outcome outcome;
    outcome.probe = probe_;
    outcome.from = {node_of(task_.request), uuid_wanted(task_.request), ""};
    outcome.to = outcome.from;
    outcome.result = Skipped{reason};
    outcome.finished_at = task_.clock.wall_time();
    return task_.sink.outcome(outcome);
  }

  Status nothing_there() {
    // Who did not ask for this probe by name is not told that it has nothing to do.
    if (task_.request.options.count("if_any") > 0) return {};
    return skip_probe("there is nothing to measure between " + std::to_string(world_.gpus.size()) +
                      " GPUs");
  }

  /// Rows that nobody named hold no way that the hardware does not have: slices and cards whose
  /// driver tells of no peer access. A way that it tells of and that is not there stays.
  void drop_impossible() {
    const auto rows = gpu_measures(probe_);
    const bool named = std::any_of(rows.begin(), rows.end(), [&](const std::string& row) {
      return row != "sm" && row != "sweep" && contains(world_.measure, row);
    });
    if (named) return;
    std::erase_if(cases_, [&](const GpuCase& one) {
      return std::any_of(one.streams.begin(), one.streams.end(), [&](const GpuStream& stream) {
        return !stream.from.on_host() && !stream.to.on_host() && stream.from != stream.to &&
               !peers_told(facts_, stream.from.gpu, stream.to.gpu);
      });
    });
  }

  /// A tenant that comes while we measure gets the GPU: everything of ours on it ends with us.
  std::unique_ptr<TenantLook> tenant_look() {
    std::vector<std::string> touched;
    for (const auto& [uuid, room] : rooms_)
      touched.push_back(uuid);
    return std::make_unique<TenantLook>(
        *access_.instruments, std::move(touched), 1, [this](const std::string& words) {
          leave({ErrorCode::cancelled, words + "; measuring was aborted"});
        });
  }

  Status choose() {
    const std::string wanted = uuid_wanted(task_.request);
    for (const GpuUnit& unit : access_.machine->units()) {
      if (wanted.empty() || unit.uuid == wanted) world_.gpus.push_back(unit.uuid);
    }
    world_.numa_nodes = access_.machine->numa_nodes();
    world_.node = node_of(task_.request);
    world_.measure = task_.request.measure;
    if (!world_.gpus.empty()) return {};
    return fail(ErrorCode::not_found, "no GPU " + wanted + " is given to this process");
  }

  /// What may be taken of each GPU that nobody holds. Its context is made here.
  void find_rooms() {
    const auto held = held_words(task_.request);
    for (const GpuUnit& unit : access_.machine->units()) {
      if (!contains(world_.gpus, unit.uuid)) continue;
      auto reason = held.count(unit.uuid) > 0 ? held.at(unit.uuid) : held_by(facts_, unit.uuid);
      if (reason) {
        barred_[unit.uuid] = *reason;
        continue;
      }
      task_.sink.step("opening " + unit.uuid, 0);
      const auto free = access_.machine->free_memory(unit.uuid);
      if (free) {
        rooms_[unit.uuid] = gpu_room(*free, unit.memory);
      } else {
        barred_[unit.uuid] = free.error().message;
      }
    }
    const auto host = host_room(FileTree("/"));
    host_room_ = host ? *host : Bytes{};
  }

  void choose_sizes() {
    world_.sizes = task_.request.sizes;
    std::sort(world_.sizes.begin(), world_.sizes.end());
    if (world_.sizes.empty()) {
      Bytes room = probe_ == "gpu_copy" ? host_room_ : Bytes{~0ULL};
      for (const auto& [uuid, free] : rooms_)
        room = std::min(room, free);
      const std::uint64_t regions = probe_ == "gpu_together" ? 2 * world_.gpus.size() : 2;
      // Nothing fits: the smallest is asked for, and skipped with that reason.
      world_.sizes = {std::max(default_message(room, regions), Bytes{4096})};
    }
    if (contains(world_.measure, "sweep")) world_.sizes = sweep_sizes(world_.sizes.back());
  }

  Outcome outcome_of(const GpuCase& one) {
    task_.sink.step(one.words(), static_cast<double>(next_) / static_cast<double>(cases_.size()));
    Outcome outcome = one.identity;
    outcome.finished_at = task_.clock.wall_time();
    if (const auto reason = not_tried(one)) {
      outcome.result = Skipped{*reason};
      return outcome;
    }
    const Moment started = task_.clock.now();
    const HangWatch watch(Deadline::at(deadline_of(one).moment() + kHung), [this] {
      leave({ErrorCode::deadline_exceeded, "the driver did not come back"});
    });
    const auto result = measured(one);
    if (!result) recover(result.error());
    if (!result && result.error().code == ErrorCode::unavailable) {
      outcome.result = Skipped{result.error().message};
      return outcome;
    }
    return finish(task_, outcome, result, started);
  }

  std::optional<std::string> not_tried(const GpuCase& one) {
    if (lost_) return "not tried: " + *lost_;
    if (task_.deadline.passed()) return "no time was left for it";
    for (const auto& uuid : gpus_of(one)) {
      const auto barred = barred_.find(uuid);
      if (barred != barred_.end()) return barred->second;
      const Bytes needed = needed_at(one, {uuid, std::nullopt}, one.message);
      if (one.message.count > 0 && needed > rooms_[uuid])
        return format_size(needed) + " of " + uuid + " would be needed, " +
               format_size(rooms_[uuid]) + " may be taken";
    }
    const Bytes pinned = needed_at(one, {{}, 0}, one.message);
    if (pinned > host_room_)
      return format_size(pinned) + " of the host's memory would be needed, " +
             format_size(host_room_) + " may be pinned";
    for (const GpuStream& stream : one.streams) {
      if (auto closed = unreachable(stream)) return closed;
    }
    return std::nullopt;
  }

  std::optional<std::string> unreachable(const GpuStream& stream) {
    for (const GpuPlace* const place : {&stream.from, &stream.to}) {
      if (place->on_host()) continue;
      if (auto open = access_.machine->reach(stream.runner, place->gpu); !open)
        return open.error().message;
    }
    return std::nullopt;
  }

  Deadline deadline_of(const GpuCase& /*one*/) const {
    const auto budget =
        std::chrono::nanoseconds(static_cast<std::int64_t>(task_.request.budget.time.value * 1e9));
    return Deadline::after(budget + kPatience).earlier(task_.deadline);
  }

  Result<Measured> measured(const GpuCase& one) {
    Request request = task_.request;
    // The byte budget is for links that others share; within a node the time bounds a number.
    request.budget.bytes = Bytes{~0ULL};
    if (!one.judged) {
      request.budget.time.value /= 4;
      request.budget.batch.value = std::min(kSideBatch, request.budget.batch.value);
    }
    const Task task{task_.topology, request, nullptr, deadline_of(one), task_.clock, task_.sink};
    GpuTallies tallies;
    tallies.idle = tally_of(access_, one, task_.clock, task.deadline);
    if (!tallies.idle.of.empty()) task_.clock.wait_until(task_.clock.now() + kIdleLook);
    tallies.before = tally_of(access_, one, task_.clock, task.deadline);
    const auto record = one.identity.probe == "gpu_latency"
                            ? measure_gpu_latency(task, *access_.machine, one)
                            : measure_gpu_copy(task, *access_.machine, one, next_);
    if (!record) return tl::unexpected(record.error());
    tallies.after = tally_of(access_, one, task_.clock, task.deadline);
    return number_of(one, *record, tallies, request.budget.width);
  }

  Measured number_of(const GpuCase& one, const GpuRecord& record, const GpuTallies& tallies,
                     double width) {
    Measured number = one.identity.probe == "gpu_latency"
                          ? summarise_latency(record.batches, width)
                          : summarise_bandwidth(record.batches, width);
    number.proof = prove_gpu(access_, facts_, one, record, tallies);
    const auto now = access_.instruments->look(Deadline::after(kLookTime));
    number.caveats = caveats_of(now ? *now : facts_, gpus_of(one));
    if (record.streams.size() > 1) {
      for (std::size_t i = 0; i < record.streams.size(); ++i)
        number.counters[stream_word(one.streams[i])] = record.streams[i];
    }
    if (record.repeats > 0) number.counters["copies_held"] = record.repeats;
    add_knee(one, number);
    return number;
  }

  static std::string stream_word(const GpuStream& stream) {
    const auto word = [](const GpuPlace& place) {
      return place.on_host() ? "numa" + std::to_string(place.numa.value_or(0)) : place.gpu;
    };
    return word(stream.from) + ">" + word(stream.to);
  }

  /// Sizes of one path come one after another, ascending.
  void add_knee(const GpuCase& one, Measured& number) {
    if (world_.sizes.size() < 2 || one.message.count == 0) return;
    if (one.message == world_.sizes.front()) curve_.clear();
    curve_.emplace_back(one.message, number.value);
    if (one.judged && curve_.size() > 1)
      number.counters["knee_bytes"] = static_cast<double>(knee(curve_).count);
  }

  /// After an error that took the context, a fresh one; after a hang there is none to be had.
  void recover(const Error& error) {
    if (error.code == ErrorCode::deadline_exceeded) {
      lost_ = error.message;
    } else if (error.code == ErrorCode::internal) {
      access_.machine.reset();
      auto fresh = open_(task_.request);
      if (fresh) {
        access_ = std::move(*fresh);
      } else {
        lost_ = fresh.error().message;
      }
    }
  }

  /// From another thread, while a driver's call does not return or a tenant waits: tells what
  /// became of this number and of those behind it, and ends the process, which frees the GPUs.
  [[noreturn]] void leave(Error why) {
    telling_.lock();
    bool heard = true;
    for (std::size_t i = next_; heard && i < cases_.size(); ++i) {
      Outcome outcome = cases_[i].identity;
      if (i == next_) {
        why.message += ": " + cases_[i].words();
        outcome.result = Failed{why, outcome.from.node};
      } else {
        outcome.result = Skipped{"not tried: " + why.message};
      }
      outcome.finished_at = task_.clock.wall_time();
      heard = task_.sink.outcome(outcome).has_value();
    }
    task_.sink.all_told();
    static_cast<void>(std::fprintf(stderr, "plumbline-probe: %s\n", why.message.c_str()));
    _exit(0);
  }

  const Task& task_;
  GpuAccess access_;
  std::string probe_;
  const GpuOpener& open_;
  GpuNode facts_;
  GpuWorld world_;
  std::map<std::string, std::string> barred_;
  std::map<std::string, Bytes> rooms_;
  Bytes host_room_;
  std::vector<GpuCase> cases_;
  std::size_t next_ = 0;
  std::mutex telling_;  ///< between the outcomes of run() and those of leave()
  std::vector<std::pair<Bytes, double>> curve_;
  std::optional<std::string> lost_;
};

class GpuProbe final : public Probe {
 public:
  GpuProbe(std::string name, GpuOpener open) : name_(std::move(name)), open_(std::move(open)) {}

  std::string name() const override { return name_; }

  /// Which GPUs there are is known only behind the driver: one outcome stands for all.
  std::vector<Outcome> planned(const Request& request) const override {
    Outcome outcome;
    outcome.probe = name_;
    outcome.from = {node_of(request), uuid_wanted(request), ""};
    outcome.to = outcome.from;
    return {outcome};
  }

  std::optional<std::string> inapplicable(const Task& task) const override {
    opened_ = open_(task.request);
    if (opened_) return std::nullopt;
    return opened_.error().message;
  }

  Status run(const Task& task) override {
    for (const auto& word : task.request.measure) {
      if (!contains(gpu_measures(name_), word))
        return fail(ErrorCode::invalid_input, name_ + " has no row '" + word + "'");
    }
    return GpuRun(task, std::move(*opened_), name_, open_).run();
  }

 private:
  std::string name_;
  GpuOpener open_;
  mutable Result<GpuAccess> opened_;
};

}  // namespace

std::unique_ptr<Probe> gpu_probe(const std::string& name, GpuOpener open) {
  return std::make_unique<GpuProbe>(name, std::move(open));
}

}  // namespace plumbline::probes
