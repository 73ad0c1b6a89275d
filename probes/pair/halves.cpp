#include "probes/pair/halves.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace plumbline::probes {

namespace {

constexpr std::size_t kUnderWay = 4U << 20U;
constexpr std::size_t kDestination = 256U << 10U;
constexpr std::array<std::byte, 1> kStop{std::byte{0x53}};
constexpr std::chrono::milliseconds kStep{50};
constexpr std::chrono::milliseconds kFarewell{200};

/// A last word to the other end, as far as the path allows. `word` is static.
void say(Connection& connection, std::span<const std::byte> word) {
  if (!connection.send(word)) return;
  const auto deadline = Deadline::after(kFarewell);
  while (connection.pending() > 0 && !deadline.passed()) {
    if (!connection.progress(deadline)) return;
  }
}

/// True when the other end has said stop, or has ended the connection: the receiver decides.
bool told_to_stop(Connection& connection) {
  std::array<std::byte, 1> word{};
  const auto count = connection.receive(word);
  return !count || *count > 0;
}

std::string wrong_byte(std::uint64_t position, std::size_t message_size) {
  return "byte " + std::to_string(position % message_size) + " of message " +
         std::to_string(position / message_size) + " is not the byte that was sent";
}

/// The receiver's loop: its destination, its place in the stream and its meter.
class Receiver {
 public:
  Receiver(Connection& connection, const Clock& clock, const BatchPlan& plan)
      : connection_(connection),
        clock_(clock),
        plan_(plan),
        meter_(plan.schedule),
        destination_(
            std::min(kDestination, std::max<std::size_t>(plan.pattern.message_size(), 4096)),
            kPoison) {}

  HalfResult run(Deadline deadline) {
    const Moment silent_at = clock_.now() + plan_.silence;
    while (!meter_.finished(clock_.now()) && !deadline.passed()) {
      if (!meter_.heard() && clock_.now() >= silent_at) break;
      auto taken = connection_.receive(destination_);
      if (!taken) return broken(taken.error());
      if (*taken == 0) {
        auto moved = connection_.progress(Deadline::after(kStep).earlier(deadline));
        if (!moved && !has_more()) return broken(moved.error());
      } else if (!verified(*taken)) {
        break;
      }
    }
    return finish();
  }

 private:
  /// What arrived before the connection broke still counts.
  bool has_more() {
    auto taken = connection_.receive(destination_);
    return taken && *taken > 0 && verified(*taken);
  }

  bool verified(std::size_t count) {
    const Moment now = clock_.now();
    const auto arrived = std::span(destination_).first(count);
    const std::size_t right = plan_.pattern.equal_prefix(position_, arrived);
    if (right != count) {
      result_.error = Error{ErrorCode::data_corrupt,
                            wrong_byte(position_ + right, plan_.pattern.message_size())};
      return false;
    }
    position_ += count;
    meter_.arrived(now, count);
    std::fill(arrived.begin(), arrived.end(), kPoison);
    return true;
  }

  HalfResult broken(Error error) {
    meter_.broke(clock_.now());
    result_.error = std::move(error);
    return finish();
  }

  HalfResult finish() {
    result_.batch = meter_.batch(clock_.now());
    result_.total = meter_.total();
    result_.silent = !meter_.heard();
    if (!result_.error) say(connection_, kStop);
    return result_;
  }

  Connection& connection_;
  const Clock& clock_;
  const BatchPlan& plan_;
  Meter meter_;
  std::vector<std::byte> destination_;
  std::uint64_t position_ = 0;
  HalfResult result_;
};

/// Fills up what is under way; returns after one filling, so that the connection gets its turn.
Status send_some(Connection& connection, const Pattern& pattern, std::uint64_t& begun) {
  const std::size_t most = messages_under_way(pattern.message_size());
  for (std::size_t i = 0; i < most && connection.pending() < most; ++i) {
    if (auto sent = connection.send(pattern.message(begun)); !sent) return sent;
    ++begun;
  }
  return {};
}

using Word = std::array<std::byte, 8>;

/// The word that ends a ping-pong: no ping, since pings are even.
constexpr Word kLast{std::byte{0xFF}, std::byte{0xFF}, std::byte{0xFF}, std::byte{0xFF},
                     std::byte{0xFF}, std::byte{0xFF}, std::byte{0xFF}, std::byte{0xFF}};
constexpr std::uint64_t kLastValue = ~0ULL;

/// The ping of a sequence: never the same twice in a row, another one in every batch.
std::uint64_t ping_value(const Pattern& pattern, std::uint64_t sequence) {
  std::uint64_t value = 0;
  std::memcpy(&value, pattern.message(sequence).data(), sizeof value);
  return value & ~1ULL;
}

Word word_of(std::uint64_t value) {
  Word word{};
  std::memcpy(word.data(), &value, word.size());
  return word;
}

/// Receives one whole word, or says why not.
Result<std::uint64_t> receive_word(Connection& connection, Deadline deadline) {
  Word word{};
  word.fill(kPoison);
  std::size_t have = 0;
  while (have < word.size()) {
    auto taken = connection.receive(std::span(word).subspan(have));
    if (!taken) return tl::unexpected(taken.error());
    have += *taken;
    if (*taken > 0) continue;
    if (deadline.passed()) return fail(ErrorCode::deadline_exceeded, "no answer to a ping");
    if (auto moved = connection.progress(deadline); !moved) return tl::unexpected(moved.error());
  }
  std::uint64_t value = 0;
  std::memcpy(&value, word.data(), word.size());
  return value;
}

/// One ping and its pong, verified; half its time.
Result<double> ping(Connection& connection, const Clock& clock, std::uint64_t value,
                    Deadline deadline) {
  const Word word = word_of(value);
  const Moment start = clock.now();
  if (auto sent = connection.send(word); !sent) return tl::unexpected(sent.error());
  auto answer = receive_word(connection, deadline);
  if (!answer) return tl::unexpected(answer.error());
  const Moment end = clock.now();
  if (*answer != ~value)
    return fail(ErrorCode::data_corrupt, "a pong is not the answer to its ping");
  return in_seconds(end - start).value / 2;
}

}  // namespace

std::size_t messages_under_way(std::size_t message_size) {
  return std::clamp<std::size_t>(kUnderWay / std::max<std::size_t>(message_size, 1), 2, 64);
}

HalfResult send_batch(Connection& connection, const Clock& clock, const BatchPlan& plan,
                      Deadline deadline) {
  const Moment silent_at = clock.now() + plan.silence;
  const Moment end = silent_at + plan.schedule.warm_up + plan.schedule.timed + plan.schedule.stall;
  HalfResult result;
  std::uint64_t begun = 0;
  while (clock.now() < end && !deadline.passed()) {
    auto sent = send_some(connection, plan.pattern, begun);
    // Only a full path is worth waiting for: it says when it has room again.
    const bool full = connection.pending() >= messages_under_way(plan.pattern.message_size());
    const auto patience = full ? kStep : std::chrono::milliseconds(0);
    if (sent) sent = connection.progress(Deadline::after(patience).earlier(deadline));
    if (!sent) result.error = sent.error();
    if (result.error || told_to_stop(connection)) break;
    if (begun == connection.pending() && clock.now() >= silent_at) break;
  }
  const std::uint64_t taken = begun - std::min<std::uint64_t>(begun, connection.pending());
  result.total = taken * plan.pattern.message_size();
  result.silent = taken == 0;
  return result;
}

HalfResult receive_batch(Connection& connection, const Clock& clock, const BatchPlan& plan,
                         Deadline deadline) {
  return Receiver(connection, clock, plan).run(deadline);
}

HalfResult ping_batch(Connection& connection, const Clock& clock, const BatchPlan& plan,
                      Deadline deadline) {
  // Connections differ more than pings do: many short batches tell more than few long ones.
  constexpr std::size_t samples_wanted = 2000;
  constexpr std::uint64_t first_warm = 50;
  HalfResult result;
  std::optional<Moment> end;
  for (std::uint64_t sequence = 0; result.batch.samples.size() < samples_wanted; ++sequence) {
    const auto limit = Deadline::after(plan.silence).earlier(deadline);
    auto half = ping(connection, clock, ping_value(plan.pattern, sequence), limit);
    if (!half) {
      result.error = half.error();
      result.silent = sequence == 0;
      break;
    }
    result.total += sizeof(Word);
    if (sequence < first_warm) continue;
    if (!end) end = clock.now() + plan.schedule.timed;
    result.batch.samples.push_back(*half);
    if (clock.now() >= *end) break;
  }
  if (!result.error) {
    say(connection, kLast);
  }
  if (!result.batch.samples.empty()) result.batch.value = quantile(result.batch.samples, 0.5);
  result.batch.payload = Bytes{result.total};
  return result;
}

HalfResult pong_batch(Connection& connection, const BatchPlan& plan, Deadline deadline) {
  HalfResult result;
  Word answer{};
  for (std::uint64_t sequence = 0;; ++sequence) {
    const auto limit = Deadline::after(plan.silence).earlier(deadline);
    auto value = receive_word(connection, limit);
    if (!value) {
      if (!result.error) result.error = value.error();
      result.silent = result.total == 0;
      break;
    }
    if (*value == kLastValue) break;
    result.total += sizeof(Word);
    if (*value != ping_value(plan.pattern, sequence)) {
      // It is answered all the same: the other end would wait for nothing.
      result.error = Error{ErrorCode::data_corrupt,
                           "ping " + std::to_string(sequence) + " is not the word that was sent"};
    }
    answer = word_of(~*value);
    if (auto sent = connection.send(answer); !sent) {
      result.error = sent.error();
      break;
    }
  }
  return result;
}

}  // namespace plumbline::probes
