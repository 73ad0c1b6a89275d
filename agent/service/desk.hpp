#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/service/lease_table.hpp"
#include "agent/service/measurements.hpp"
#include "agent/service/metrics.hpp"
#include "agent/service/networks.hpp"
#include "agent/service/tenant_watch.hpp"
#include "core/clock.hpp"
#include "core/log.hpp"

namespace plumbline::agent {

/// What this node is to its agent.
struct NodeSettings {
  std::string node;
  ProbeProgram program;
  std::filesystem::path rank_program;  ///< measures collectives; empty: this node does not
  /// Runs Open MPI's daemon: only in a pod that the scheduler placed; empty elsewhere.
  std::filesystem::path mpi_daemon;
  std::map<std::string, std::string> inventory_options;  ///< for the inventory child
  double lldp_seconds = 0;                               ///< how long hear_neighbours() listens
  std::vector<netcheck::Subnet> networks;                ///< that may be measured; empty: all
  AskHoldings ask_holdings;  ///< the kubelet's answer alone: asked again and again
  AskHoldings ask_word;      ///< with all that lies beside it: for the inventory
};

/// Carries out what coordinators ask, without knowing how they reach it: texts in, texts out.
/// `peer` is the verified name of a caller that may command. Thread-safe.
class Desk {
 public:
  /// Borrowed parts must outlive it.
  struct World {
    Clock& clock;
    Log& log;
    Metrics& metrics;
  };
  Desk(NodeSettings settings, World world);

  /// Both halves of the node's facts, each there or with its problem. `gone`: nobody waits.
  Result<std::string> inventory(const std::function<bool()>& gone, Deadline deadline);
  Result<std::string> reserve(const std::string& peer, const std::string& text);
  Result<std::string> exchange(const std::string& peer, const std::string& text);
  Result<std::string> release(const std::string& peer, const std::string& text);
  /// `write` gets one item after the other, false = nobody listens; `gone` says so without writing.
  struct Listener {
    std::function<bool(const std::string&)> write;
    std::function<bool()> gone;
  };
  Status measure(const std::string& peer, const std::string& text, const Listener& listener);

  /// Listens for neighbours as the settings say, once; what was heard stands in every inventory
  /// from then on. Blocks until then, or until stop().
  void hear_neighbours();

  /// Ends all measurements and takes no more.
  void stop() { stopping_ = true; }
  /// Measurements running now.
  std::size_t running() const { return measurements_.count(); }
  /// What keeps this node from being measured; empty: nothing. Asks the kubelet.
  std::string unready(Deadline deadline) const;
  /// Tells the metrics what changes by itself: a lease that expired.
  void refresh_metrics();

 private:
  Result<MeasureOrder> admit(const std::string& peer, const std::string& text) const;
  Status run(const std::string& peer, const MeasureOrder& order, const Listener& listener);
  Result<std::unique_ptr<TenantWatch>> guard(const MeasureOrder& order) const;
  void add_settings(Request& request) const;
  MeasureEnd run_on_gpus(ChildRun& child, const Request& request, const EventSink& sink,
                         const StopWish& stop);
  MeasureEnd run_child(ChildRun& child, const Request& request, const EventSink& sink,
                       const StopWish& stop);
  std::string stopping() const;
  std::optional<Error> stop_wish(const std::string& peer, const std::string& lease) const;
  Result<Topology> take_topology(Request request, const std::function<bool()>& gone);
  Request inventory_request(Deadline deadline) const;
  void add_heard(Topology& topology) const;
  void tell(const MeasureOrder& order, const MeasureEnd& end);

  NodeSettings settings_;
  World world_;
  LeaseTable leases_;
  Measurements measurements_;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex heard_mutex_;
  std::vector<NetworkDevice> heard_;  ///< devices with the neighbours that were heard
};

}  // namespace plumbline::agent
