#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/units.hpp"
#include "probes/drivers/verbs/port_counters.hpp"
#include "probes/pair/halves.hpp"
#include "probes/pair/rdma_work.hpp"

namespace plumbline::probes {

/// One end of a batch over fresh queue pairs. The requesting end posts the work and holds the
/// clock; the serving end prepares memory, verifies what came, and answers. Made, used and
/// destroyed by one thread at a time.
class RdmaHalf {
 public:
  virtual ~RdmaHalf() = default;
  /// What the other end needs to reach this one; travels over the rendezvous only.
  virtual std::string address() const = 0;
  /// Connects to the other end's queue pairs.
  virtual Status connect(const std::string& peer) = 0;
  /// Moves messages in rounds until the plan's timed part is over: a round is timed from a
  /// completion an eighth into it to its last; between rounds the destination is verified and
  /// poisoned, off the clock. `total` counts verified bytes where this end is the destination
  /// (read).
  virtual HalfResult request(const BatchPlan& plan, const Clock& clock, Deadline deadline) = 0;
  /// The other end of request(). `total` counts verified bytes where this end is the destination.
  virtual HalfResult serve(const BatchPlan& plan, Deadline deadline) = 0;
  /// Latencies of eight bytes: half a round trip of writes or sends, a whole one of reads.
  virtual HalfResult ping(const BatchPlan& plan, const Clock& clock, Deadline deadline) = 0;
  /// The other end of ping().
  virtual HalfResult pong(const BatchPlan& plan, Deadline deadline) = 0;
  /// "rc write/rxe0:1 gid 1 mtu 1024".
  virtual std::string transport() const = 0;
};

/// Opens RDMA devices of this machine. Thread-safe.
class RdmaDriver {
 public:
  virtual ~RdmaDriver() = default;
  /// "libibverbs 1.14".
  virtual std::string name() const = 0;
  /// A fresh end on the port that `device` means (an RDMA device or a network device), or the one
  /// reason why there cannot be one.
  virtual Result<std::unique_ptr<RdmaHalf>> open(const std::string& device,
                                                 const RdmaWork& work) = 0;
  /// The network address in RdmaHalf::address() of another end; empty when it has none.
  virtual Result<std::string> peer_address(const std::string& peer) = 0;
  /// The counters of all ports of this machine, now.
  virtual std::vector<PortCount> count() = 0;
};

}  // namespace plumbline::probes
