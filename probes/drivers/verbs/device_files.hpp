#pragma once

#include <string>

#include "core/files.hpp"
#include "core/model/rdma.hpp"

namespace plumbline::probes {

inline constexpr const char* kRdmaClass = "sys/class/infiniband";

/// "sys/class/infiniband/<device>/ports/<port>"
std::string port_directory(const std::string& device, int port);

/// A device with what is quick to read: name, driver, place in the machine, network devices, and
/// its ports with number, state, rate and link layer. No GIDs, no counters.
RdmaDevice read_rdma_frame(const FileTree& root, const std::string& name);

/// Adds a port's whole GID table, with the choice made and explained.
void read_gids(const FileTree& root, const std::string& device, RdmaPort& port);

/// The port that a name means: an RDMA device ("mlx5_0", "mlx5_0:1", "mlx5_0/1"), else the RDMA
/// device over a network device ("ens1"). The error lists what is there.
struct PortName {
  std::string device;
  int port = 1;
};
Result<PortName> find_rdma_port(const FileTree& root, const std::string& name);

}  // namespace plumbline::probes
