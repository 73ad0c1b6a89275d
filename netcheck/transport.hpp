#pragma once

#include <string>

#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// What a path between two network devices should be measured, and used, by.
struct Transport {
  bool rdma = false;    ///< queue pairs; else sockets
  std::string because;  ///< "rxe1 over ens1 on both ends, GIDs 1 and 1"; why it is not RDMA
  /// The precondition of RDMA that is broken although an end has an RDMA device, with its node;
  /// empty: nothing is broken.
  std::string broken;
};

/// Predicted from what both nodes tell of themselves. Pure.
Transport predict_transport(const Facts& facts, const Endpoint& from, const Endpoint& to);

/// The RDMA device over a network device of a node (or of that name); null when there is none or
/// the node told nothing. Borrowed from `facts`.
const RdmaDevice* rdma_on(const Facts& facts, const Endpoint& end);

/// True when the library that measured a number says that it used queue pairs.
bool used_rdma(const Outcome& outcome);

/// What keeps RDMA on this end from being used, "node-2: port rxe1/1 is DOWN"; empty: nothing.
std::string broken_precondition(const Facts& facts, const Endpoint& end);

}  // namespace plumbline::netcheck
