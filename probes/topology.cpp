#include "probes/topology.hpp"

namespace plumbline::probes {

Topology look_around(const Request& request, Deadline) {
    Topology topology;
    if (!request.ends.empty()) topology.node = request.ends[0].node;
    return topology;
}

}  // namespace plumbline::probes
