#include "collectives/nccl/profiler/tracker.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <new>
#include <string_view>

namespace plumbline::collectives {
namespace {

constexpr std::size_t kEvents = 4096;
constexpr int kKindShift = 16;
constexpr int kNetworkVersion = 1;
constexpr std::int64_t kKindMask = 0xffff;

std::uint64_t nanoseconds_now() {
  return static_cast<std::uint64_t>(
      std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count());
}

std::size_t index(StepWait wait) { return static_cast<std::size_t>(wait); }

StepWait wait_of(int state) {
  switch (state) {
    case abi::kStepSendGpuWait:
      return StepWait::own_gpu;
    case abi::kStepSendPeerWait:
      return StepWait::credit;
    case abi::kStepSendWait:
      return StepWait::network;
    case abi::kStepReceiveWait:
      return StepWait::data;
    case abi::kStepFlushWait:
      return StepWait::flush;
    case abi::kStepReceiveGpuWait:
      return StepWait::consumer;
    default:
      return StepWait::none;
  }
}

template <std::size_t Count>
int number_in(const std::array<const char*, Count>& names, const char* name) {
  for (std::size_t number = 0; name != nullptr && number < Count; ++number)
    if (std::string_view(name) == names[number]) return static_cast<int>(number);
  return -1;
}

}  // namespace

int number_of_algorithm(const char* name) { return number_in(kAlgorithms, name); }
int number_of_protocol(const char* name) { return number_in(kProtocols, name); }

Tracker* Tracker::open(const char* path) {
  if (path == nullptr) return nullptr;
  const int descriptor = ::open(path, O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return nullptr;
  struct stat status {};
  const bool whole = ::fstat(descriptor, &status) == 0 &&
                     static_cast<std::size_t>(status.st_size) >= sizeof(StepBlock);
  void* const memory =
      whole ? ::mmap(nullptr, sizeof(StepBlock), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
            : MAP_FAILED;
  ::close(descriptor);
  if (memory == MAP_FAILED) return nullptr;
  auto* const block = static_cast<StepBlock*>(memory);
  if (block->version.load() == kStepVersion) return new (std::nothrow) Tracker(block);
  ::munmap(memory, sizeof(StepBlock));
  return nullptr;
}

Tracker::Tracker(StepBlock* block) : block_(block), events_(kEvents) {
  free_.reserve(kEvents);
  for (TrackedEvent& event : events_)
    free_.push_back(&event);
  ++block_->communicators;
}

Tracker::~Tracker() { ::munmap(block_, sizeof(StepBlock)); }

TrackedEvent* Tracker::take() {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) {
    ++block_->dropped;
    return nullptr;
  }
  TrackedEvent* const event = free_.back();
  free_.pop_back();
  *event = {};
  event->owner = this;
  event->live = true;
  return event;
}

const TrackedEvent* Tracker::known(const void* handle) const {
  const auto* const event = static_cast<const TrackedEvent*>(handle);
  const bool mine = event >= events_.data() && event < events_.data() + events_.size();
  return mine ? event : nullptr;
}

void Tracker::count_network(const abi::NetworkEvent& network) {
  const std::int64_t kind = network.id >> kKindShift & kKindMask;
  const bool read = network.data != nullptr && (network.id & kKindMask) == kNetworkVersion;
  if (!read || (kind != abi::kInfiniband && kind != abi::kSocket)) {
    ++block_->other_network;
  } else if (kind == abi::kSocket) {
    ++block_->socket_calls;
    block_->socket_bytes += static_cast<const abi::SocketEvent*>(network.data)->length;
  } else {
    const auto* const request = static_cast<const abi::InfinibandEvent*>(network.data);
    ++block_->ib_requests;
    const auto device = static_cast<std::size_t>(request->device);
    if (device < kNics) block_->nic_bytes.at(device) += request->length;
  }
}

TrackedEvent* Tracker::begin(const Opening& opening) {
  if (opening.type == abi::kCollective) {
    ++block_->collectives;
    if (opening.algorithm >= 0 && opening.protocol >= 0)
      ++block_->chosen.at(static_cast<std::size_t>(opening.algorithm))
            .at(static_cast<std::size_t>(opening.protocol));
    return nullptr;
  }
  if (opening.type == abi::kPointToPoint) ++block_->exchanges;
  if (opening.type == abi::kNetwork && opening.network != nullptr) count_network(*opening.network);
  const bool step = opening.type == abi::kProxyStep;
  if (!step && opening.type != abi::kProxyOperation) return nullptr;
  TrackedEvent* const event = take();
  if (event == nullptr) return nullptr;
  event->type = opening.type;
  const TrackedEvent* const parent = step ? known(opening.parent) : nullptr;
  if (opening.operation != nullptr && !step) {
    event->peer = opening.operation->peer;
    event->sends = opening.operation->sends != 0;
    event->directed = true;
  } else if (parent != nullptr && parent->type == abi::kProxyOperation) {
    event->peer = parent->peer;
    event->sends = parent->sends;
    event->directed = true;
  }
  return event;
}

void Tracker::wait(TrackedEvent& event, StepWait wait) {
  if (event.wait == wait) return;
  const std::uint64_t now = nanoseconds_now();
  if (event.wait != StepWait::none) {
    --block_->open.at(index(event.wait));
    block_->waited.at(index(event.wait)) += now - event.since;
  }
  if (wait != StepWait::none) {
    ++block_->open.at(index(wait));
    event.sends =
        wait == StepWait::own_gpu || wait == StepWait::credit || wait == StepWait::network;
    event.directed = true;
  }
  if (wait == StepWait::network) block_->sends_to = event.peer;
  event.wait = wait;
  event.since = now;
}

void Tracker::move_bytes(TrackedEvent& event, bool sent, std::uint64_t bytes) {
  (sent ? block_->sent : block_->received) += bytes;
  event.bytes += bytes;
}

void Tracker::record(TrackedEvent& event, int state, std::uint64_t bytes) {
  if (event.type == abi::kProxyOperation) {
    const bool sent = state == abi::kOperationSent;
    if (!sent && state != abi::kOperationReceived) return;
    if (bytes > event.bytes) move_bytes(event, sent, bytes - event.bytes);
    return;
  }
  const StepWait wanted = wait_of(state);
  if (wanted == StepWait::none || wanted == event.wait) return;
  wait(event, wanted);
  if (wanted == StepWait::network || wanted == StepWait::flush)
    move_bytes(event, wanted == StepWait::network, bytes);
}

void Tracker::end(TrackedEvent& event) {
  if (!event.live) return;
  wait(event, StepWait::none);
  if (event.type == abi::kProxyStep && event.directed)
    ++(event.sends ? block_->sends : block_->receives);
  bool last = false;
  {
    const std::lock_guard lock(mutex_);
    event.live = false;
    free_.push_back(&event);
    last = closed_ && free_.size() == events_.size();
  }
  if (last) delete this;
}

void Tracker::close() {
  bool idle = false;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    idle = free_.size() == events_.size();
  }
  if (idle) delete this;
}

}  // namespace plumbline::collectives
