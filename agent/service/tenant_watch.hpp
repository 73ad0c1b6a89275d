#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/clock.hpp"
#include "core/model/allocation.hpp"
#include "core/result.hpp"

namespace plumbline::agent {

/// Asks the kubelet what is held on this node.
using AskHoldings = std::function<Result<NodeHoldings>(Deadline)>;

/// Whose device is watched.
struct Watched {
  std::string node;
  std::vector<std::string> names;  ///< what the kubelet may call the device
  std::string own_namespace;       ///< pods of it are no tenants
};

/// The tenant that holds the watched device, as an error that names pod and claim; nothing when
/// there is none. Pure.
std::optional<Error> tenant_on(const NodeHoldings& holdings, const Watched& watched);

/// Keeps asking while it lives, every 500 ms from a thread of its own, so that a tenant that comes
/// while a device is measured is seen within a second.
class TenantWatch {
 public:
  /// Asks once and starts. Not knowing is no: an error, as is a tenant.
  static Result<std::unique_ptr<TenantWatch>> start(AskHoldings ask, Watched watched);
  ~TenantWatch();
  TenantWatch(const TenantWatch&) = delete;
  TenantWatch& operator=(const TenantWatch&) = delete;

  /// Why measuring must stop: a tenant, or no answer of the kubelet for five seconds. Any thread.
  std::optional<Error> alarm() const;

 private:
  TenantWatch(AskHoldings ask, Watched watched);
  void keep_asking();
  void ask_once();

  AskHoldings ask_;
  Watched watched_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::optional<Error> alarm_;
  Deadline answer_by_;
  std::thread thread_;
};

}  // namespace plumbline::agent
