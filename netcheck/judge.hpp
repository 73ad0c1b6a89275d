#pragma once

#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// Everything judged: expectations, localisation, topology inference, all rules, requirements,
/// coverage and the verdict. Fills every field of the report but run_id, times, version,
/// interruption and facts, which the caller knows. Pure.
Report judge(const Facts& facts);

}  // namespace plumbline::netcheck
