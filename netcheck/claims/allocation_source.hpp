#pragma once

#include "core/clock.hpp"
#include "core/model/allocation.hpp"
#include "core/result.hpp"

namespace plumbline::netcheck::claims {

/// Where claims are read: API server, kubelet or recorded bundle.
class AllocationSource {
 public:
  virtual ~AllocationSource() = default;
  /// All claims as of now. An object that is not understood becomes a warning of the view; a source
  /// that cannot be read is an error, never an empty view.
  virtual Result<AllocationView> snapshot(Deadline deadline) = 0;
};

}  // namespace plumbline::netcheck::claims
