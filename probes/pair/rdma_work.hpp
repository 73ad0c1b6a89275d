#pragma once

#include <optional>
#include <string>

#include "core/result.hpp"
#include "core/units.hpp"

namespace plumbline::probes {

/// What a queue pair does with the memory of the other end.
enum class Operation { write, read, send };

/// "write", "read", "send".
const char* to_string(Operation operation) noexcept;
/// Reads one of these words.
Result<Operation> parse_operation(const std::string& word);

/// The GPU that shares most of its PCI path with the RDMA device.
inline constexpr const char* kNearestGpu = "nearest";

/// How RDMA is to be done.
struct RdmaWork {
  Operation operation = Operation::write;
  unsigned depth = 128;      ///< messages under way at once, over all queue pairs
  unsigned queue_pairs = 1;  ///< RC; each has its own source port on RoCE v2
  Bytes size;                ///< of a message
  std::optional<int> gid;    ///< index to use instead of the chosen one
  std::optional<int> numa;   ///< node of the memory; absent: wherever it falls
  /// Memory of a GPU instead: its PCI address, or "nearest" to the device; empty: host memory.
  std::string gpu{};
  std::string gpu_drivers{};  ///< "fake:FILE"; empty: this machine's own
};

}  // namespace plumbline::probes
