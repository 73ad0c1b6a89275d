#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/model/gpu.hpp"
#include "core/protocol/request.hpp"
#include "probes/gpu/cases.hpp"
#include "probes/gpu/gpu_access.hpp"
#include "probes/gpu/gpu_number.hpp"

namespace plumbline::probes {

/// Why a GPU may not be touched: somebody holds it, or that cannot be told. Nothing when it is
/// free. `node` is a look from before this process had a context.
std::optional<std::string> held_by(const GpuNode& node, const std::string& uuid);

/// GPUs that the agent or the stage knows to be held: the request's option "held", lines
/// "UUID=why".
std::map<std::string, std::string> held_words(const Request& request);

/// True when the driver says that one GPU may read or write the other's memory.
bool peers_told(const GpuNode& node, const std::string& one, const std::string& other);

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

/// What should have passed a GPU's links: bytes out of it and into it.
struct GpuFlow {
  double out = 0;
  double in = 0;
};

/// A sign for each counter of one GPU that should have seen a flow: of its NVLinks, or of PCIe.
std::vector<Proof> prove_flow(const Endpoint& at, const GpuFlow& flow, bool nvlink,
                              const GpuTallies& tallies);

/// True when the driver tells anything of the way from one GPU to another.
bool knows_peer(const GpuNode& node, const std::string& one, const std::string& other);

/// True when the driver says that NVLink joins two GPUs.
bool by_nvlink(const GpuNode& node, const std::string& one, const std::string& other);

/// The signs that the bytes took the way they should: what the driver says, and for each GPU that
/// its NVLink counters (where the driver says that NVLink joins the two) or its PCIe counters (to
/// and from the host) grew by the payload above the idle rate. A pair that should be NVLink and
/// whose NVLink counters did not grow so has a sign that does not hold.
std::vector<Proof> prove_gpu(const GpuAccess& access, const GpuNode& node, const GpuCase& one,
                             const GpuRecord& record, const GpuTallies& tallies);

}  // namespace plumbline::probes
