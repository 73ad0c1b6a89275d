#pragma once

#include <memory>
#include <utility>

#include "probes/pair/path.hpp"

namespace plumbline::probes {

/// Two ends of a fresh TCP connection over 127.0.0.1 in this network namespace, TCP_NODELAY set.
Result<std::pair<std::unique_ptr<Connection>, std::unique_ptr<Connection>>> loopback_connection(
    Deadline deadline);

}  // namespace plumbline::probes
