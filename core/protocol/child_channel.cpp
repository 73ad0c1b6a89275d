#include "core/protocol/child_channel.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <thread>

#include "core/json/codec.hpp"

namespace plumbline {
namespace {

constexpr std::size_t kLineMost = 16U << 20U;
constexpr auto kBeat = std::chrono::milliseconds(200);

}  // namespace

/// Rendezvous by post and gathered events.
class ChildChannel::Meeting final : public Rendezvous {
 public:
  Meeting(ChildChannel& channel, int rank, int size)
      : channel_(channel), rank_(rank), size_(size) {}

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  Result<std::vector<std::string>> allgather(std::string bytes, Deadline deadline) override {
    const int sequence = sequence_++;
    if (auto sent = channel_.send(PostEvent{sequence, std::move(bytes)}); !sent) {
      return tl::unexpected(sent.error());
    }
    const auto line = channel_.read_line(deadline);
    if (!line) return pass_up(line.error(), "waiting for the other ends");
    const auto event = json::decode_event(*line);
    if (!event) return pass_up(event.error(), "reading what the other ends gave");
    const auto* const gathered = std::get_if<GatheredEvent>(&*event);
    if (gathered == nullptr || gathered->sequence != sequence ||
        gathered->bytes.size() != static_cast<std::size_t>(size_)) {
      return fail(ErrorCode::invalid_input, "the agent answered a rendezvous with something else");
    }
    return gathered->bytes;
  }

 private:
  ChildChannel& channel_;
  int rank_;
  int size_;
  int sequence_ = 0;
};

ChildChannel::ChildChannel(int input, int output) : input_(input), output_(output) {}
ChildChannel::~ChildChannel() = default;

Result<Request> ChildChannel::receive_request(Deadline deadline) {
  const auto line = read_line(deadline);
  if (!line) return pass_up(line.error(), "reading the request");
  return json::decode_request(*line);
}

Status ChildChannel::send(const Event& event) {
  const std::string line = json::encode(event) + "\n";
  const std::lock_guard lock(sending_);
  std::size_t done = 0;
  while (done < line.size()) {
    const ssize_t wrote = ::write(output_, line.data() + done, line.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return fail_errno(errno, "writing to the agent");
    done += static_cast<std::size_t>(wrote);
  }
  return {};
}

std::unique_ptr<Rendezvous> ChildChannel::rendezvous(int rank, int size) {
  return std::make_unique<Meeting>(*this, rank, size);
}

Result<std::string> ChildChannel::read_line(Deadline deadline) {
  std::array<char, 65536> chunk{};
  while (true) {
    const auto newline = buffer_.find('\n');
    if (newline != std::string::npos) {
      std::string line = buffer_.substr(0, newline);
      buffer_.erase(0, newline + 1);
      return line;
    }
    if (buffer_.size() > kLineMost) {
      return fail(ErrorCode::invalid_input, "a line of more than 16 MiB");
    }
    pollfd wait{input_, POLLIN, 0};
    const int ready = ::poll(&wait, 1, deadline.left_ms());
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) return fail(ErrorCode::deadline_exceeded, "nothing came in time");
    const ssize_t got = ::read(input_, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, "reading from the agent");
    if (got == 0) return fail(ErrorCode::cancelled, "the agent closed the channel");
    buffer_.append(chunk.data(), static_cast<std::size_t>(got));
  }
}

struct Heartbeat::State {
  std::mutex mutex;
  std::condition_variable stopped;
  bool stop = false;
  ProgressEvent last{"starting", 0};
  std::thread thread;
};

Heartbeat::Heartbeat(ChildChannel& channel) : state_(std::make_unique<State>()) {
  state_->thread = std::thread([&channel, state = state_.get()] {
    std::unique_lock lock(state->mutex);
    while (!state->stop) {
      const ProgressEvent beat = state->last;
      lock.unlock();
      const bool sent = channel.send(beat).has_value();
      lock.lock();
      if (!sent) return;
      state->stopped.wait_for(lock, kBeat, [state] { return state->stop; });
    }
  });
}

Heartbeat::~Heartbeat() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stop = true;
  }
  state_->stopped.notify_all();
  state_->thread.join();
}

void Heartbeat::step(std::string step, double share) {
  const std::lock_guard lock(state_->mutex);
  state_->last = {std::move(step), share};
}

}  // namespace plumbline
