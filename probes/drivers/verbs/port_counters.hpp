#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/files.hpp"
#include "core/model/rdma.hpp"

namespace plumbline::probes {

/// What one count of a data counter stands for.
enum class CounterUnit { bytes, words, packets };

/// The counters of a port's driver that show the data it moved.
struct DataCounters {
  std::string sent;      ///< name of the file below ports/<n>
  std::string received;  ///< the same
  CounterUnit unit = CounterUnit::bytes;
  unsigned bits = 64;  ///< it wraps, or stops, after so many
  std::string source;  ///< where that is known from
};

/// Which counters to trust on this device: by its driver, and by what is there. Nothing, when the
/// driver is known to count no data or has none of the files that are known.
std::optional<DataCounters> data_counters(const RdmaDevice& device, const RdmaPort& port);

/// Reads every counter of a directory. What is there and cannot be read goes to `problems`.
std::map<std::string, std::uint64_t> read_counters(const FileTree& root,
                                                   const std::string& directory,
                                                   std::vector<std::string>& problems);

/// A port's counters at one moment.
struct PortCount {
  std::string port;  ///< "mlx5_0/1"
  std::string state;
  std::vector<std::string> netdevs;
  std::optional<std::uint64_t> sent;      ///< bytes, or packets
  std::optional<std::uint64_t> received;  ///< absent: no data counter, or not readable
  std::string sent_source;                ///< whole path of the file
  std::string received_source;
  bool packets = false;                         ///< the two count packets
  unsigned bits = 64;                           ///< of the raw counter
  unsigned factor = 1;                          ///< bytes of one count
  std::map<std::string, std::uint64_t> errors;  ///< error, retransmission, congestion counters
  std::string problem;                          ///< why sent or received is absent
  /// A software device (rdma_rxe, siw): its packets pass its network device as any others do, so
  /// that device's counters witness too.
  bool through_kernel = false;
};

/// The counters of every port of every RDMA device, now; quick: GID tables are not read.
std::vector<PortCount> count_ports(const FileTree& root);

/// How much a counter grew, a wrap taken into account; nothing when one of the two is absent.
std::optional<std::uint64_t> growth(const std::optional<std::uint64_t>& before,
                                    const std::optional<std::uint64_t>& after, unsigned bits,
                                    unsigned factor);

}  // namespace plumbline::probes
