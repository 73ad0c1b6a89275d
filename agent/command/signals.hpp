#pragma once

#include <optional>
#include <string>

namespace plumbline::agent {

/// Once made, SIGTERM and SIGINT no longer end the program: they are kept for pending(). Make it
/// before other threads start, so that none of them takes the signal.
class EndingSignals {
 public:
  EndingSignals();
  /// The signal that came, "SIGTERM" or "SIGINT"; nothing when none did. Any thread.
  std::optional<std::string> pending() const;
};

}  // namespace plumbline::agent
