#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/units.hpp"

namespace plumbline::collectives {

/// What happens around each operation of one rank besides the operation, for rehearsing faults.
struct FaultHook {
  /// Before operation number `sequence`; an error ends this rank there.
  std::function<Status(std::uint64_t sequence)> before;
  /// After it, with its result.
  std::function<void(std::uint64_t sequence, std::span<std::byte> result)> after;
};

/// One rank's own count of its operations, kept outside of the collective: a collective makes all
/// ranks look alike, this does not. Written by the rank's thread, read by any.
class Pulse {
 public:
  Pulse() = default;
  explicit Pulse(FaultHook hook) : hook_(std::move(hook)) {}
  Pulse(const Pulse&) = delete;
  Pulse& operator=(const Pulse&) = delete;

  /// Before an operation: counts it, after the hook let it pass.
  Status enter();
  /// After an operation.
  void leave(std::span<std::byte> result);
  /// Before and after another call in which this rank waits for the others.
  void begin() { ++began_; }
  void end() { ++ended_; }
  /// Operations begun.
  std::uint64_t entered() const { return entered_.load(); }
  /// Calls in which this rank waits for the others, operations among them: every rank makes the
  /// same calls, so who is behind has the smaller number.
  std::uint64_t began() const { return began_.load(); }
  std::uint64_t ended() const { return ended_.load(); }

 private:
  FaultHook hook_;
  std::atomic<std::uint64_t> entered_ = 0;
  std::atomic<std::uint64_t> began_ = 0;
  std::atomic<std::uint64_t> ended_ = 0;
};

/// A fault that one rank commits on itself, for rehearsals.
struct Fault {
  enum class Kind { kill, stop, delay, slow, corrupt } kind = Kind::kill;
  int rank = 0;
  std::uint64_t operation = 1;  ///< from this one on (kill, stop, delay: at this one)
  Seconds time{0};              ///< of delay and slow
};

/// Reads "kill:3:17" (at its 17th operation rank 3 gets SIGKILL), "stop:3:17" (SIGSTOP),
/// "delay:3:17:2s" (it stays away that long, once), "slow:3:17:2ms" (before every operation from
/// then on), "corrupt:3:17" (one bit of every result from then on).
Result<Fault> parse_fault(std::string_view text);

/// What commits `fault` on this process when it is `rank`; else a hook that does nothing.
FaultHook commit(const Fault& fault, int rank, Clock& clock);

}  // namespace plumbline::collectives
