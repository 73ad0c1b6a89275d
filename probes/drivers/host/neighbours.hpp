#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/files.hpp"
#include "core/model/topology.hpp"

namespace plumbline::probes {

/// Listens for LLDP on network devices (by interface index) through one packet socket, for at most
/// `time`, or until each has heard somebody. Needs CAP_NET_RAW; sends nothing. What is no LLDP is
/// passed over. Senders by index, each once.
Result<std::map<int, std::vector<Neighbour>>> hear_neighbours(const std::vector<int>& indexes,
                                                              std::chrono::nanoseconds time);

/// Tells each device who is at the other end of its cable: what systemd-networkd has heard
/// (/run/systemd/netif/lldp/<ifindex>, `LLDP=` of its .network file), else what is heard in
/// `listen`; zero: nobody listens. A device without a neighbour has the reason, unless it is
/// virtual, is below no RDMA device, and nobody listened on it. Switches send every 30 s.
void add_neighbours(const FileTree& root, std::chrono::nanoseconds listen,
                    std::vector<NetworkDevice>& devices);

}  // namespace plumbline::probes
