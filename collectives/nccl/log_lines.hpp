#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace plumbline::collectives {

/// What NCCL's own log says of the way its data takes.
struct NcclLog {
  std::set<std::string> transports;  ///< "P2P/CUMEM", "SHM/direct/direct", "NET/Socket/0"
  std::string network;               ///< "IB", "Socket", a plugin's name
  std::string channels;              ///< "24 coll channels, 16 p2p channels"
  /// Operation and size to what was chosen: "AllReduce 1048576" to "Algo RING proto SIMPLE ...".
  std::map<std::string, std::string> choices;
  std::vector<std::string> warnings;  ///< the first few lines of NCCL WARN
};

/// Reads the lines of NCCL_DEBUG=INFO with the subsystems INIT, GRAPH, NET and TUNING. Unknown
/// lines are passed over; every list is bounded. Pure.
NcclLog read_nccl_log(std::string_view text);

/// One sentence for a proof: transports, network, channels, and the choice for the operation.
std::string sentence(const NcclLog& log, const std::string& operation);

/// The settings of NCCL that change what a number means. Nothing else of the environment is ever
/// recorded.
const std::vector<const char*>& recorded_settings();

}  // namespace plumbline::collectives
