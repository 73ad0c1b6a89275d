#pragma once

#include "core/model/workloads.hpp"
#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// The control "wrong_nic": where the declared rates say that one rail must give two nodes at most
/// nine tenths of what another gives them, pods of the gang on these nodes that are bound to their
/// NIC of the slower rail must have measured less than bound to the other, intervals apart. It
/// judges the numbers of placed_goodput, each of which is bound to one NIC. Not applicable where no
/// rail is known to be slower, or pods hold NICs of one rail alone. Pure.
Control judge_wrong_nic(const Facts& facts);

}  // namespace plumbline::netcheck
