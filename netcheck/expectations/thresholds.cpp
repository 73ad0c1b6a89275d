#include "netcheck/expectations/thresholds.hpp"

#include <array>
#include <string_view>

namespace plumbline::netcheck {
namespace {

constexpr const char* kOneWaySource =
    "usual acceptance share of a link's payload rate (r >= 0.90 ok); iperf3 and ucx_perftest reach "
    "0.98 to 1.00 of it on shaped links";
constexpr const char* kBothWaysSource =
    "0.90 less the acknowledgements of the other direction: one frame of 66 B for every two of "
    "1514 B (RFC 5681 section 4.2), 2.2 %, and their bursts";
constexpr const char* kRingSource =
    "nccl-tests doc/PERFORMANCE.md: bus bandwidth compares with the slowest link of the ring; each "
    "of its 2(n-1) steps waits for the one before, and healthy rings reach 0.98 to 1.02 of it on "
    "the virtual rack, 0.81 on a machine that is busy seven times over (docs/collectives.md)";

constexpr const char* kGpuSource =
    "usual acceptance share of what healthy machines of the same links were measured at (r >= 0.90 "
    "ok); H200s spread by 0.2 % over eight, other H100 nodes reach 0.92 to 0.96 of it";

constexpr const char* kOtherSource =
    "healthy virtual racks reach 0.91 to 1.02 of the slowest link with each part's derived load, "
    "0.70 on a machine that is busy eight times over "
    "(docs/measurements/2026-11-23-collectives-calibrated.md)";

constexpr std::array<Threshold, 13> kTable{{
    {"pair_goodput", "one_way", 0.90, kOneWaySource, "2026-11-23"},
    {"pair_goodput", "both_ways", 0.85, kBothWaysSource, "2026-11-23"},
    {"all_reduce", "", 0.75, kRingSource, "2026-11-23"},
    {"all_gather", "", 0.75, kOtherSource, "2026-11-23"},
    {"reduce_scatter", "", 0.75, kOtherSource, "2026-11-23"},
    {"broadcast", "", 0.75, kOtherSource, "2026-11-23"},
    {"reduce", "", 0.75, kOtherSource, "2026-11-23"},
    {"alltoall", "", 0.75, kOtherSource, "2026-11-23"},
    {"gather", "", 0.75, kOtherSource, "2026-11-23"},
    {"scatter", "", 0.75, kOtherSource, "2026-11-23"},
    {"sendrecv", "", 0.75, kOtherSource, "2026-11-23"},
    {"hypercube", "", 0.75, kOtherSource, "2026-11-23"},
    {"gpu_copy", "", 0.90, kGpuSource, "2026-11-23"},
}};

}  // namespace

const Threshold* threshold_for(const std::string& probe, const std::string& direction) {
  for (const Threshold& row : kTable) {
    const std::string_view wanted(row.direction);
    if (probe == row.probe && (wanted.empty() || direction == wanted)) return &row;
  }
  return nullptr;
}

}  // namespace plumbline::netcheck
