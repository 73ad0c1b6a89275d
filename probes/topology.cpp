#include "probes/topology.hpp"

#include "probes/drivers/host/nics.hpp"

namespace plumbline::probes {

Topology look_around(const Request& request, Deadline deadline) {
  Topology topology;
  if (!request.ends.empty()) topology.node = request.ends[0].node;
  topology.network_devices = read_nics(FileTree("/"), deadline, topology.problems);
  return topology;
}

}  // namespace plumbline::probes
