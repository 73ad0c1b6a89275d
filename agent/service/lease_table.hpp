#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "agent/wire/messages.hpp"
#include "core/clock.hpp"

namespace plumbline::agent {

/// Longest and shortest time to live of a lease, in seconds.
inline constexpr double kLeaseMost = 600;
inline constexpr double kLeaseLeast = 1;
/// What is left of a lease whose holder was lost in the middle of a measurement, in seconds: a
/// holder that lives renews it every five.
inline constexpr double kLeaseDoubted = 12;

/// Who holds a node.
struct LeaseHolder {
  std::string peer;  ///< CN of its certificate
  std::string run_id;
  Seconds left;
};

/// A node's lease: at most one at a time, bound to a peer and its run, gone when it is not renewed.
/// Thread-safe.
class LeaseTable {
 public:
  /// `nonce` makes a lease's name that nobody can guess.
  LeaseTable(const Clock& clock, std::function<std::string()> nonce);

  /// Gives, renews (order.lease is the lease held) or hands over to a new process of the same peer
  /// and run, whose old lease is then void. `conflict` names the holder and the seconds left.
  Result<LeaseGrant> reserve(const std::string& peer, const ReserveOrder& order);
  /// Success while `peer` holds `lease`.
  Status check(const std::string& peer, const std::string& lease) const;
  /// Frees the node. A lease that is not held by `peer` is an error.
  Status release(const std::string& peer, const std::string& lease);
  /// Says that the holder of this lease may be dead: it ends after kLeaseDoubted seconds at the
  /// latest, unless it is renewed. Nothing for a lease that is not held.
  void doubt(const std::string& lease);
  /// Who holds the node now.
  std::optional<LeaseHolder> holder() const;

 private:
  struct Lease {
    std::string name;
    std::string peer;
    std::string run_id;
    Moment until;
  };
  Status check_held(const std::string& peer, const std::string& lease) const;
  Status refuse_if_taken(const std::string& peer, const ReserveOrder& order) const;
  bool live() const { return lease_ && lease_->until > clock_.now(); }

  const Clock& clock_;
  std::function<std::string()> nonce_;
  mutable std::mutex mutex_;
  std::optional<Lease> lease_;
};

/// 128 random bits as hexadecimal.
std::string random_nonce();

}  // namespace plumbline::agent
