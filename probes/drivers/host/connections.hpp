#pragma once

#include "probes/pair/path.hpp"

namespace plumbline::probes {

/// Adds up TCP_INFO of every connected TCP socket of this process (/proc/self/fd): their addresses,
/// segments sent and sent again. Sockets that are closed by then are not in it.
Tally tally_connections();

}  // namespace plumbline::probes
