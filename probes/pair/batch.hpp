#pragma once

#include <array>
#include <functional>
#include <memory>
#include <vector>

#include "probes/pair/halves.hpp"
#include "probes/pair/messages.hpp"
#include "probes/pair/path.hpp"
#include "probes/pair/rdma_path.hpp"
#include "probes/pair/shape.hpp"
#include "probes/pair/side.hpp"
#include "probes/probe.hpp"
#include "probes/subnets.hpp"

namespace plumbline::probes {

/// The interfaces of this end with their counters, now.
using LinkReader = std::function<Result<std::vector<Link>>()>;

/// What of the world a pair needs.
struct PairWorld {
  PathDriver* paths = nullptr;  ///< for numbers over sockets
  LinkReader read_links;
  Patience patience;
  Idle idle;                   ///< of this end's device, at the last look
  Subnets allowed;             ///< where the other end may be
  RdmaDriver* rdma = nullptr;  ///< for numbers over RDMA
  Idle rdma_idle;              ///< of this end's port, in the units of its counters
};

/// Which half of which batch of a number.
struct Half {
  std::uint64_t batch = 0;
  int sending_rank = 0;
};

/// What both ends know beforehand of one half: when it is timed, and bytes of its own seed.
BatchPlan plan_batch(const Task& task, const Patience& patience, const Number& number, Half half);

/// This end's part of one batch: fresh connections, opened, used once and closed with it.
class BatchEnd final : public BatchSide {
 public:
  /// Waits for the device's carrier and makes the connections that `shape` needs at this rank;
  /// again when the link goes down meanwhile. What goes wrong is kept for opening(): `no_carrier`
  /// where it is the link.
  BatchEnd(const Task& task, PairWorld& world, const Number& number);
  /// What the other end needs to know of this one.
  Opening opening() const override;
  /// Connects to the other end's connections and measures. Ends within the schedule whatever the
  /// path does. Latency samples stay in the closing's batch.
  Closing measure(const Opening& other, std::uint64_t batch) override;

 private:
  Status open();
  Status open_connections(const std::string& device);
  Result<Link> wait_for_carrier(const std::string& device, Deadline deadline);
  Status connect(const Opening& other);
  Status check_peer(const Opening& other) const;
  void run_stream(Closing& closing, std::uint64_t batch);
  void run_latency(Closing& closing, std::uint64_t batch);
  void tell(Closing& closing);

  const Task& task_;
  PairWorld& world_;
  Number number_;
  int rank_;
  std::vector<std::unique_ptr<BatchPlan>>
      plans_;  ///< outlive the connections, which send from them
  std::unique_ptr<Connection> sender_;
  std::unique_ptr<Connection> receiver_;
  Opening opening_;
};

}  // namespace plumbline::probes
