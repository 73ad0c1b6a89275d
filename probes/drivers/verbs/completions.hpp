#pragma once

#include <functional>

#include "core/clock.hpp"
#include "probes/drivers/verbs/handles.hpp"
#include "probes/pair/path.hpp"

namespace plumbline::probes {

/// A completion queue with its event channel.
class Completions {
 public:
  /// Room for `entries` completions.
  static Result<Completions> make(ibv_context* context, int entries);
  ibv_cq* get() const { return queue_.get(); }
  /// Gives every completion that is there to `take`; waits for one until the deadline when none is.
  /// False: nothing came. A completion with an error is an error, in the field's words.
  Result<bool> wait(Deadline deadline, Waiting waiting,
                    const std::function<void(const ibv_wc&)>& take);

 private:
  Result<bool> poll(const std::function<void(const ibv_wc&)>& take);
  Status wait_for_event(Deadline deadline);
  Handle<ibv_comp_channel> channel_;
  Handle<ibv_cq> queue_;
};

/// The error of a completion that failed.
Error error_of(const ibv_wc& completion);

}  // namespace plumbline::probes
