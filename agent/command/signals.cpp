#include "agent/command/signals.hpp"

#include <signal.h>

namespace plumbline::agent {

EndingSignals::EndingSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

std::optional<std::string> EndingSignals::pending() const {
  sigset_t signals;
  ::sigpending(&signals);
  if (sigismember(&signals, SIGTERM) == 1) return "SIGTERM";
  if (sigismember(&signals, SIGINT) == 1) return "SIGINT";
  return std::nullopt;
}

}  // namespace plumbline::agent
