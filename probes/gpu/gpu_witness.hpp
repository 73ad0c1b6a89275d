#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/model/gpu.hpp"
#include "probes/gpu/cases.hpp"
#include "probes/gpu/gpu_access.hpp"
#include "probes/gpu/gpu_number.hpp"

namespace plumbline::probes {

/// Why a GPU may not be touched: somebody holds it, or that cannot be told. Nothing when it is
/// free. `node` is a look from before this process had a context.
std::optional<std::string> held_by(const GpuNode& node, const std::string& uuid);

/// What a reader must know beside a number of these GPUs: "GPU-1: clocks throttled: power_cap",
/// "GPU-1: ECC is off", "GPU-1: a MIG slice". Words, in order of the GPUs.
std::vector<std::string> caveats_of(const GpuNode& node, const std::vector<std::string>& gpus);

/// The GPUs that a case touches, each once, in the order of its streams.
std::vector<std::string> gpus_of(const GpuCase& one);

/// Every byte counter of the GPUs of a case at one moment.
struct GpuTally {
  Moment at;
  std::map<std::string, GpuCounters> of;  ///< by UUID
};

/// Reads them; a GPU whose counters are not told is left out.
GpuTally tally_of(const GpuAccess& access, const GpuCase& one, const Clock& clock,
                  Deadline deadline);

/// Three looks at the counters: idle was from the first to the second, the measurement from the
/// second to the third.
struct GpuTallies {
  GpuTally idle;
  GpuTally before;
  GpuTally after;
};

/// The signs that the bytes took the way they should: what the driver says, and for each GPU that
/// its NVLink counters (where the driver says that NVLink joins the two) or its PCIe counters (to
/// and from the host) grew by the payload above the idle rate. A pair that should be NVLink and
/// whose NVLink counters did not grow so has a sign that does not hold.
std::vector<Proof> prove_gpu(const GpuAccess& access, const GpuNode& node, const GpuCase& one,
                             const GpuRecord& record, const GpuTallies& tallies);

}  // namespace plumbline::probes
