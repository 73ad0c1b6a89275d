#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/tls.hpp"
#include "agent/wire/messages.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"

namespace plumbline::agent {

/// Where an agent answers.
struct AgentAddress {
  std::string node;     ///< its name, which its certificate must carry as a DNS name
  std::string address;  ///< "10.70.0.15:7443"
};

/// The coordinator's side of one agent, over mutual TLS. Every method may be called from any
/// thread, also while a measurement runs. Errors name node and address: an agent that cannot be
/// reached is `unavailable` ("agent on node-5 (10.70.0.15:7443) does not answer: ..."), one that is
/// silent `deadline_exceeded`; what it refuses has the agent's own code.
class AgentConnection {
 public:
  /// Reads the TLS files. Connects with the first call, and again by itself after a break.
  static Result<std::unique_ptr<AgentConnection>> connect(const AgentAddress& address,
                                                          const TlsFiles& files);
  /// The same with what is in the files.
  static Result<std::unique_ptr<AgentConnection>> connect(const AgentAddress& address,
                                                          const TlsTexts& texts);
  ~AgentConnection();
  AgentConnection(const AgentConnection&) = delete;
  AgentConnection& operator=(const AgentConnection&) = delete;

  /// What the node shows of itself and what its kubelet says. Needs no lease. A half that the agent
  /// could not get is absent with its problem, which is not an error of the call.
  Result<netcheck::NodeFacts> inventory(Deadline deadline);

  /// Takes the node's lease for this run, or takes it over when the same coordinator and run held
  /// it (the old lease's measurements are stopped). `conflict` names another holder, the time left.
  /// The lease is kept here and used by the calls below.
  Status reserve(const std::string& run_id, Seconds time_to_live, Deadline deadline);
  /// Starts the lease's time to live again. Needed at least that often, measurements do not renew.
  Status renew(Deadline deadline);
  /// Gives the lease back; running measurements are stopped. Without a lease: nothing.
  Status release(Deadline deadline);

  /// Runs one measurement; `order.lease` is filled in here. Blocks; calls `on_event` on this thread
  /// for every event of the child (posts: gather them from all ends and exchange()). An error means
  /// that the agent did not serve or was lost; what became of a child is in the answer.
  Result<MeasureEnd> measure(MeasureOrder order, const std::function<void(const Event&)>& on_event,
                             Deadline deadline);
  /// Ends measure() of that name with fate or error `cancelled`, now or when it is called later. A
  /// name is used once. The child may live a moment longer; its device is given free by then only.
  void cancel(const std::string& measurement);
  /// Gives the child of a running measurement everybody's bytes.
  Status exchange(const std::string& measurement, const GatheredEvent& gathered, Deadline deadline);

  const std::string& node() const;
  const std::string& address() const;

 private:
  struct Parts;
  explicit AgentConnection(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace plumbline::agent
