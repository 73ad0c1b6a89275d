#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"

namespace plumbline::probes {

/// What the library and the kernel say of the connections of a batch, read before they are closed.
struct Tally {
  std::vector<std::string> transports;  ///< the library's words: "tcp/ens1"
  std::vector<std::string> locals;      ///< local addresses of this process's connections
  std::vector<std::string> peers;       ///< addresses of their other ends
  std::uint64_t retransmits = 0;        ///< segments that this end sent again (TCP_INFO)
  std::uint64_t segments = 0;           ///< segments that this end sent at all (TCP_INFO)
};

/// One end of one fresh connection to the other rank over one device: bytes in order, no messages.
/// Owned and used by one thread. Closing never waits long.
class Connection {
 public:
  virtual ~Connection() = default;
  /// What the other end needs to reach this one; travels over the rendezvous only.
  virtual Result<std::string> address() = 0;
  /// Begins to connect to the other end. Does not wait.
  virtual Status connect(const std::string& peer) = 0;
  /// Begins to send. `bytes` must stay as they are until pending() has fallen.
  virtual Status send(std::span<const std::byte> bytes) = 0;
  /// How many sends are not taken over by the path yet.
  virtual std::size_t pending() const = 0;
  /// Copies what has arrived into `into`; 0 when nothing has. An error when the connection is
  /// broken.
  virtual Result<std::size_t> receive(std::span<std::byte> into) = 0;
  /// Moves the connection on; returns when something may have changed, or at the deadline.
  virtual Status progress(Deadline deadline) = 0;
  /// Transport and device as the library tells them.
  virtual std::vector<std::string> transports() = 0;
};

/// How a waiting connection spends its time.
enum class Waiting {
  sleeping,  ///< sleeps soon: other measurements share these cores
  spinning   ///< polls for longer than a round trip takes: latency, which runs alone
};

/// Makes connections over a named device of this machine. Thread-safe.
class PathDriver {
 public:
  virtual ~PathDriver() = default;
  /// "UCX 1.13.1 (tcp)".
  virtual std::string name() const = 0;
  /// A fresh connection that uses `device` and nothing else, or why there cannot be one.
  virtual Result<std::unique_ptr<Connection>> open(const std::string& device, Waiting waiting) = 0;
  /// The kernel's figures of all connections that are open now. transports stays empty.
  virtual Tally tally() = 0;
};

}  // namespace plumbline::probes
