#pragma once

#include <deque>
#include <optional>

#include "probes/drivers/verbs/completions.hpp"
#include "probes/drivers/verbs/control_word.hpp"
#include "probes/drivers/verbs/memory.hpp"
#include "probes/drivers/verbs/queue_pair.hpp"

namespace plumbline::probes {

/// A queue pair of its own for small words, off the clock.
class ControlLane {
 public:
  static Result<ControlLane> make(const VerbsPort& port);
  const LaneWords& words() const { return pair_.words; }
  Status connect(const VerbsPort& port, const EndWords& other);
  /// Sends a word; returns when the other end has acknowledged it.
  Status say(ControlWord word, Deadline deadline, Waiting waiting = Waiting::sleeping);
  /// The next word of the other end.
  Result<ControlWord> hear(Deadline deadline, Waiting waiting = Waiting::sleeping);

 private:
  Status post_receive(std::size_t slot);
  void take(const ibv_wc& completion);
  RegisteredMemory memory_;
  Completions completions_;
  QueuePair pair_;
  std::deque<ControlWord> heard_;
  std::optional<Error> problem_;
  bool sent_ = true;
};

}  // namespace plumbline::probes
