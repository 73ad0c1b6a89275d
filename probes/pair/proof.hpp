#pragma once

#include <array>
#include <string>

#include "core/model/measurement.hpp"
#include "core/protocol/request.hpp"
#include "probes/pair/number.hpp"

namespace plumbline::probes {

/// What the proof of a path is made from.
struct Witness {
  const Request& request;
  const Number& number;
  const Record& record;
  Seconds took;
  std::string library;  ///< PathDriver::name()
};

/// The signs that the bytes took the claimed devices: what the library says at each end, the local
/// addresses of the connections, the claimed device's byte counters above its idle rate, and that
/// no other device moved as much.
std::vector<Proof> prove(const Witness& witness);

/// "from.retransmits", "from.segments", "from.carrier_downs", "from.drops" and the same for "to":
/// how much they grew. `from` is the end whose name stands first in the outcome.
std::map<std::string, double> counters_of(const Request& request, const Record& record,
                                          int from_rank);

}  // namespace plumbline::probes
