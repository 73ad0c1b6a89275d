#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/protocol/request.hpp"
#include "probes/pair/shape.hpp"

namespace plumbline::probes {

/// How the bytes are to go: option "transport". Another word is an error.
enum class Transport {
  sockets,  ///< "tcp", or none
  verbs,    ///< "verbs": our own queue pairs
  library   ///< "ucx": UCX over the same RDMA device
};
Result<Transport> transport_of(const Request& request);

/// Every number of `plain` once for each way to do it that the options ask for, each a list:
/// "operations" (write, read, send; default write), "depths" (1 to 4096; default 128; a latency has
/// none), "queue_pairs" (1 to 64; default 1), "numa" (nodes of the memory; default anywhere),
/// "gpu" (memory of the GPU at this PCI address or of the "nearest"; no latency then), and
/// "gid_index" (one). At most 256 numbers. The indices are made anew.
Result<std::vector<Number>> rdma_numbers(const Request& request, const std::vector<Number>& plain);

/// The parameters that tell such a number from others: only of the options that were given, so that
/// what the stage plans keeps its identity.
std::map<std::string, std::string> rdma_parameters(const Request& request, const Number& number);

}  // namespace plumbline::probes
