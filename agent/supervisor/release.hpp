#pragma once

#include <sys/types.h>

#include "core/clock.hpp"
#include "core/result.hpp"

namespace plumbline::agent {

/// Proves that nothing of process group `group` is left: kills what is there, then looks in /proc
/// until only zombies (which hold no device) or nothing is found. At the deadline: an error that
/// names a process and its state.
Status prove_released(pid_t group, Clock& clock, Deadline deadline);

}  // namespace plumbline::agent
