#pragma once

#include <string>

#include "core/model/measurement.hpp"
#include "core/result.hpp"
#include "probes/gpu/gpu_witness.hpp"

namespace plumbline::probes {

/// One end's looks at its GPU's counters, as words for the other end; "none" where the GPU tells
/// none.
std::string encode_tallies(const GpuTallies& tallies, const std::string& uuid);

/// The other end's looks, as those of GPU `uuid`. An error for words that are no such looks; empty
/// tallies for "none".
Result<GpuTallies> decode_tallies(const std::string& words, const std::string& uuid);

}  // namespace plumbline::probes
