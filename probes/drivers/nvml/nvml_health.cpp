#include <algorithm>

#include "probes/drivers/nvml/nvml_gpus.hpp"
#include "probes/drivers/nvml/nvml_read.hpp"

namespace plumbline::probes::nvml {

namespace {

using ProcessCall = Return (*)(Handle, unsigned*, ProcessInfo*);

Status add_processes(const Library& library, Handle gpu, ProcessCall call, const char* kind,
                     std::vector<GpuProcess>& processes) {
  // Processes come and go between the question for their number and the one for them.
  for (unsigned room = 64; room <= 16384; room *= 4) {
    std::vector<ProcessInfo> list(room);
    unsigned count = room;
    const Return asked = call(gpu, &count, list.data());
    if (asked == kInsufficientSize) continue;
    if (asked != kSuccess) return tl::unexpected(library.error(asked, "running processes"));
    for (unsigned index = 0; index < std::min(count, room); ++index) {
      const ProcessInfo& told = list.at(index);
      const bool known = std::any_of(processes.begin(), processes.end(),
                                     [&](const auto& other) { return other.pid == told.pid; });
      if (known) continue;
      const bool measured = told.used_memory != ~0ULL;
      processes.push_back(
          {told.pid, kind,
           measured ? std::optional<Bytes>(Bytes{told.used_memory}) : std::nullopt});
    }
    return {};
  }
  return fail(ErrorCode::unavailable, "running processes: more than 16384");
}

std::optional<std::uint64_t> retired_pages(const Reader& reader) {
  const auto call = reader.calls().retired_pages;
  if (call == nullptr) return std::nullopt;
  std::optional<std::uint64_t> pages;
  for (const int cause : {0, 1}) {
    unsigned count = 0;
    const Return asked = call(reader.gpu(), cause, &count, nullptr);
    if (asked != kSuccess && asked != kInsufficientSize) {
      static_cast<void>(reader.good(asked, "retired pages"));
      return std::nullopt;
    }
    pages = pages.value_or(0) + count;
  }
  return pages;
}

}  // namespace

Result<std::vector<GpuProcess>> read_processes(const Library& library, Handle gpu) {
  const Functions& calls = library.calls();
  if (calls.compute_processes == nullptr) {
    return fail(ErrorCode::unavailable, "running processes: this NVML does not tell them");
  }
  std::vector<GpuProcess> processes;
  auto told = add_processes(library, gpu, calls.compute_processes, "compute", processes);
  if (!told) return tl::unexpected(told.error());
  if (calls.graphics_processes != nullptr) {
    // MIG has no graphics, and says so.
    static_cast<void>(add_processes(library, gpu, calls.graphics_processes, "graphics", processes));
  }
  return processes;
}

GpuMemoryHealth read_memory_health(const Reader& reader) {
  const Functions& calls = reader.calls();
  GpuMemoryHealth health;
  int current = 0;
  int pending = 0;
  if (calls.ecc_mode != nullptr &&
      reader.good(calls.ecc_mode(reader.gpu(), &current, &pending), "ECC mode")) {
    health.ecc = current == 1;
  }
  unsigned long long errors = 0;
  constexpr int kind_uncorrected = 1;
  constexpr int since_reset = 0;
  if (calls.ecc_errors != nullptr &&
      reader.good(calls.ecc_errors(reader.gpu(), kind_uncorrected, since_reset, &errors),
                  "ECC errors")) {
    health.uncorrected = errors;
  }
  health.retired_pages = retired_pages(reader);
  if (const auto waiting = reader.number(calls.retired_pending, "pending retirement")) {
    health.pending = *waiting == 1;
  }
  unsigned corrected = 0;
  unsigned uncorrected = 0;
  unsigned waiting = 0;
  unsigned failed = 0;
  if (calls.remapped_rows != nullptr &&
      reader.good(calls.remapped_rows(reader.gpu(), &corrected, &uncorrected, &waiting, &failed),
                  "remapped rows")) {
    health.remapped_rows = std::uint64_t{corrected} + uncorrected;
    health.pending = health.pending.value_or(false) || waiting == 1;
    health.remap_failed = failed == 1;
  }
  return health;
}

GpuState read_state(const Reader& reader) {
  const Functions& calls = reader.calls();
  GpuState state;
  unsigned clock = 0;
  if (calls.clock != nullptr) {
    if (reader.good(calls.clock(reader.gpu(), kClockSm, &clock), "clock")) {
      state.sm_clock_mhz = clock;
    }
    if (reader.good(calls.clock(reader.gpu(), kClockMemory, &clock), "clock")) {
      state.memory_clock_mhz = clock;
    }
  }
  if (const auto reasons = reader.number(calls.throttle_reasons, "throttle reasons")) {
    state.throttled = throttle_words(*reasons);
  }
  unsigned temperature = 0;
  if (calls.temperature != nullptr &&
      reader.good(calls.temperature(reader.gpu(), kSensorGpu, &temperature), "temperature") &&
      temperature < 1000) {
    state.temperature = static_cast<int>(temperature);
  }
  if (const auto milliwatts = reader.number(calls.power_limit, "power limit")) {
    state.power_limit_watts = *milliwatts / 1000.0;
  }
  return state;
}

}  // namespace plumbline::probes::nvml
