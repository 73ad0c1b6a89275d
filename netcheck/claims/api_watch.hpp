#pragma once

#include <functional>
#include <memory>

#include "core/clock.hpp"
#include "core/model/allocation.hpp"
#include "core/result.hpp"
#include "netcheck/claims/api_access.hpp"

namespace plumbline::netcheck::claims {

/// Follows the claims of a live API server: lists each kind once, then watches it with bookmarks
/// from where the list ended. A watch that ends or breaks goes on from the last resourceVersion
/// that it saw; one that is too old (410) is listed again. One thread a kind. Used by one thread.
class ApiWatch {
 public:
  /// Discovers and starts to follow. `clock` is borrowed.
  static Result<std::unique_ptr<ApiWatch>> open(ApiAccess access, Clock& clock, Deadline deadline);
  virtual ~ApiWatch() = default;

  /// The claims as they are once something has changed since the last call (the first: once every
  /// kind was listed) and then been quiet for half a second, five seconds at most. Nothing when
  /// `stop` said so (asked ten times a second) or the deadline passed before. A kind that may not
  /// be watched is a warning of the view that names verb, resource and lost checks; so is a server
  /// that does not answer now, with what was last read of it.
  virtual Result<std::optional<AllocationView>> next(const std::function<bool()>& stop,
                                                     Deadline deadline) = 0;
};

}  // namespace plumbline::netcheck::claims
