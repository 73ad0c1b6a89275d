#include "probes/memory_copy.hpp"

#include <algorithm>
#include <cstring>
#include <sstream>

#include "core/files.hpp"
#include "probes/drivers/host/machine.hpp"
#include "probes/pair/meter.hpp"
#include "probes/pattern.hpp"
#include "probes/sampling.hpp"

namespace plumbline::probes {

namespace {

constexpr std::size_t kLeast = 64U << 20U;
constexpr std::size_t kMost = 512U << 20U;
constexpr std::size_t kPiece = 8U << 20U;  ///< one copy; arrivals are counted so often
constexpr std::size_t kShifts = 64;        ///< each pass begins one word later than the one before

/// MemAvailable of /proc/meminfo.
Result<Bytes> available_memory() {
  const auto text = FileTree("/").read("proc/meminfo");
  if (!text) return tl::unexpected(text.error());
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name;
    std::uint64_t kibibytes = 0;
    if (words >> name >> kibibytes && name == "MemAvailable:") return Bytes{kibibytes << 10U};
  }
  return fail(ErrorCode::not_found, "/proc/meminfo has no MemAvailable");
}

/// The size of source and destination each, or why there is not enough.
Result<std::size_t> buffer_size(const Machine& machine, int numa) {
  const auto available = available_memory();
  if (!available) return tl::unexpected(available.error());
  const std::size_t cache = machine.largest_cache(numa).count;
  const std::size_t wanted = std::clamp(4 * cache, kLeast, std::max(kMost, 2 * cache));
  const std::size_t allowed = available->count / 16 / kPiece * kPiece;
  if (allowed < 2 * cache || allowed < kPiece) {
    return fail(ErrorCode::unavailable, "two buffers of twice the largest cache (" +
                                            format_size(Bytes{cache}) +
                                            ") would take more than an eighth of the free memory");
  }
  return std::min(wanted / kPiece * kPiece, allowed);
}

void fill(std::byte* bytes, std::size_t size, std::uint64_t seed) {
  for (std::size_t i = 0; i < size / 8; ++i) {
    const std::uint64_t word = mix(seed + i);
    std::memcpy(bytes + i * 8, &word, sizeof word);
  }
}

/// One path: where the thread runs, and source and destination in the memory of one node.
struct Path {
  int cpu = 0;
  int memory = 0;
  PlacedMemory source;
  PlacedMemory destination;
};

Result<Path> open_path(const Machine& machine, int cpu, int memory, std::size_t size) {
  if (auto bound = machine.bind_thread(cpu); !bound) return tl::unexpected(bound.error());
  auto source = machine.allocate(memory, size + kShifts * 8);
  if (!source) return tl::unexpected(source.error());
  auto destination = machine.allocate(memory, size);
  if (!destination) return tl::unexpected(destination.error());
  return Path{cpu, memory, std::move(*source), std::move(*destination)};
}

Result<Batch> measure(const Task& task, const Path& path, std::uint64_t batch) {
  const auto number =
      static_cast<std::uint64_t>(path.cpu) * 4096 + static_cast<std::uint64_t>(path.memory);
  std::byte* source = path.source.data();
  std::byte* destination = path.destination.data();
  const std::size_t size = path.destination.size();
  fill(source, path.source.size(), batch_seed(task.request.seed, number, batch));
  std::memset(destination, std::to_integer<int>(kPoison), size);
  Schedule schedule;
  schedule.timed =
      std::chrono::nanoseconds(static_cast<std::int64_t>(task.request.budget.batch.value * 1e9));
  Meter meter(schedule);
  std::size_t place = 0;
  std::uint64_t pass = 0;
  // Whole passes, so that the destination holds one shift of the source when it is compared.
  while (place != 0 || !meter.finished(task.clock.now())) {
    std::memcpy(destination + place, source + pass % kShifts * 8 + place, kPiece);
    meter.arrived(task.clock.now(), kPiece);
    place = place + kPiece == size ? 0 : place + kPiece;
    if (place == 0) ++pass;
    if (place == 0 && task.deadline.passed()) break;
  }
  if (std::memcmp(destination, source + (pass - 1) % kShifts * 8, size) != 0) {
    return fail(ErrorCode::data_corrupt, "the copy is not equal to its source");
  }
  return meter.batch(task.clock.now());
}

class MemoryCopyProbe final : public Probe {
 public:
  std::string name() const override { return "memory_copy"; }

  std::vector<Outcome> planned(const Request& request) const override {
    const auto machine = Machine::open({}, Depth::nodes);
    std::vector<Outcome> outcomes;
    if (!machine) return outcomes;
    for (const auto& [cpu, memory] : pairs_of(machine->numa_nodes())) {
      outcomes.push_back(outcome_of(request, cpu, memory));
    }
    return outcomes;
  }

  std::optional<std::string> inapplicable(const Task& /*task*/) const override {
    return std::nullopt;
  }

  Status run(const Task& task) override {
    const auto machine = Machine::open({}, Depth::nodes);
    if (!machine) return tl::unexpected(machine.error());
    for (const auto& [cpu, memory] : pairs_of(machine->numa_nodes())) {
      const Moment started = task.clock.now();
      Outcome outcome = outcome_of(task.request, cpu, memory);
      task.sink.step("memory copy " + outcome.from.device + " to " + outcome.to.device, 0);
      const auto size = buffer_size(*machine, memory);
      if (size) {
        const auto path = open_path(*machine, cpu, memory, *size);
        const auto result =
            path.and_then([&](const Path& open) { return measured(task, *machine, open); });
        outcome = finish(task, outcome, result, started);
      } else {
        outcome.result = Skipped{size.error().message};
        outcome.finished_at = task.clock.wall_time();
      }
      if (auto given = task.sink.outcome(outcome); !given) return given;
    }
    return {};
  }

 private:
  static std::vector<std::pair<int, int>> pairs_of(const std::vector<NumaNode>& nodes) {
    std::vector<std::pair<int, int>> pairs;
    for (const NumaNode& cpu : nodes) {
      for (const NumaNode& memory : nodes) {
        if (!cpu.cpus.empty() && memory.memory.count > 0)
          pairs.emplace_back(cpu.index, memory.index);
      }
    }
    return pairs;
  }

  static Outcome outcome_of(const Request& request, int cpu, int memory) {
    const std::string node = request.ends.empty() ? "" : request.ends[0].node;
    Outcome outcome;
    outcome.probe = "memory_copy";
    outcome.from = {node, "numa" + std::to_string(cpu), ""};
    outcome.to = {node, "numa" + std::to_string(memory), ""};
    return outcome;
  }

  static Result<Measured> measured(const Task& task, const Machine& machine, const Path& path) {
    const auto batches =
        sample(task, [&](std::uint64_t batch) { return measure(task, path, batch); });
    if (!batches) return tl::unexpected(batches.error());
    Measured measured = summarise_bandwidth(*batches, task.request.budget.width);
    measured.counters["buffer_bytes"] = static_cast<double>(path.destination.size());
    measured.counters["cache_bytes"] =
        static_cast<double>(machine.largest_cache(path.memory).count);
    return measured;
  }
};

}  // namespace

std::unique_ptr<Probe> memory_copy_probe() { return std::make_unique<MemoryCopyProbe>(); }

}  // namespace plumbline::probes
