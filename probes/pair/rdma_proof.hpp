#pragma once

#include <map>
#include <string>
#include <vector>

#include "probes/pair/proof.hpp"

namespace plumbline::probes {

/// The signs that the bytes took the claimed RDMA port: what verbs say, the port's data counters
/// above its idle rate, that no other RDMA port moved half as much, and under a software device the
/// same of the network devices. A port whose counters cannot be read says so and proves nothing.
std::vector<Proof> prove_rdma(const Witness& witness);

/// "from.out_of_sequence", "to.link_downed" ...: how much each error counter of the two ports grew
/// that did, and always "from.link_downed" and "to.link_downed".
std::map<std::string, double> rdma_counters(const Request& request, const Record& record,
                                            int from_rank);

/// A port's rates between two looks; zero when it was not there both times.
Idle idle_between(const PortCount* before, const PortCount* after, Seconds span);

/// The counters of the port that a device's name means: an RDMA device, one of its ports, or a
/// network device that it is over. Null when there is none.
const PortCount* find_port(const std::vector<PortCount>& counts, const std::string& device);

}  // namespace plumbline::probes
