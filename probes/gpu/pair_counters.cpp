#include "probes/gpu/pair_counters.hpp"

#include <array>
#include <sstream>

namespace plumbline::probes {

namespace {

using Field = std::optional<Bytes> GpuCounters::*;

constexpr std::array<Field, 4> kFields{&GpuCounters::nvlink_sent, &GpuCounters::nvlink_received,
                                       &GpuCounters::pcie_sent, &GpuCounters::pcie_received};
constexpr std::array<GpuTally GpuTallies::*, 3> kLooks{&GpuTallies::idle, &GpuTallies::before,
                                                       &GpuTallies::after};

const GpuCounters* of(const GpuTally& tally, const std::string& uuid) {
  const auto found = tally.of.find(uuid);
  return found == tally.of.end() ? nullptr : &found->second;
}

bool read_look(std::istringstream& words, GpuCounters& counters, std::int64_t& at) {
  if (!(words >> at >> counters.nvlink_step.count >> counters.pcie_step.count) || at < 0)
    return false;
  for (const Field field : kFields) {
    std::string word;
    if (!(words >> word)) return false;
    if (word == "-") continue;
    if (word.size() > 19 || word.find_first_not_of("0123456789") != std::string::npos) return false;
    counters.*field = Bytes{std::stoull(word)};
  }
  return true;
}

}  // namespace

std::string encode_tallies(const GpuTallies& tallies, const std::string& uuid) {
  std::ostringstream words;
  words << "looks";
  for (const auto look : kLooks) {
    const GpuTally& tally = tallies.*look;
    const GpuCounters* const counters = of(tally, uuid);
    if (counters == nullptr) return "none";
    const auto since = std::chrono::nanoseconds(tally.at - tallies.idle.at).count();
    words << ' ' << since << ' ' << counters->nvlink_step.count << ' ' << counters->pcie_step.count;
    for (const Field field : kFields) {
      if (counters->*field) {
        words << ' ' << (counters->*field)->count;
      } else {
        words << " -";
      }
    }
  }
  return words.str();
}

Result<GpuTallies> decode_tallies(const std::string& text, const std::string& uuid) {
  GpuTallies tallies;
  if (text == "none") return tallies;
  std::istringstream words(text);
  std::string kind;
  bool good = words >> kind && kind == "looks";
  std::int64_t last = 0;
  for (const auto look : kLooks) {
    GpuCounters counters;
    std::int64_t at = 0;
    good = good && read_look(words, counters, at) && at >= last;
    if (!good) break;
    last = at;
    (tallies.*look).at = Moment{} + std::chrono::nanoseconds(at);
    (tallies.*look).of.emplace(uuid, counters);
  }
  std::string more;
  if (good && !(words >> more)) return tallies;
  return fail(ErrorCode::invalid_input, "the other end's counters are not understood");
}

}  // namespace plumbline::probes
