#include "probes/drivers/verbs/completions.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>

#include <array>
#include <cerrno>

namespace plumbline::probes {

namespace {

constexpr std::chrono::microseconds kAwake{200};  ///< polls so long before it sleeps
constexpr std::chrono::microseconds kAlone{50};   ///< then lets others run between two looks

}  // namespace

Error error_of(const ibv_wc& completion) {
  const std::string words = std::string(ibv_wc_status_str(completion.status)) + " (status " +
                            std::to_string(static_cast<int>(completion.status)) + ", vendor " +
                            std::to_string(completion.vendor_err) + ")";
  switch (completion.status) {
    case IBV_WC_RETRY_EXC_ERR:
      return {ErrorCode::unavailable, "the other end does not acknowledge: " + words};
    case IBV_WC_RNR_RETRY_EXC_ERR:
      return {ErrorCode::unavailable, "the other end is never ready to receive: " + words};
    case IBV_WC_WR_FLUSH_ERR:
      return {ErrorCode::unavailable, "the queue pair had failed before: " + words};
    case IBV_WC_REM_ACCESS_ERR:
    case IBV_WC_REM_INV_REQ_ERR:
      return {ErrorCode::permission_denied, "the other end refuses the access: " + words};
    default:
      return {ErrorCode::internal, words};
  }
}

Result<Completions> Completions::make(ibv_context* context, int entries) {
  Completions made;
  made.channel_.reset(ibv_create_comp_channel(context));
  if (!made.channel_) return verbs_failed(errno, "making a completion channel");
  const int flags = fcntl(made.channel_->fd, F_GETFL);
  if (flags < 0 || fcntl(made.channel_->fd, F_SETFL, flags | O_NONBLOCK) != 0) {
    return fail_errno(errno, "making the completion channel's descriptor not block");
  }
  made.queue_.reset(ibv_create_cq(context, entries, nullptr, made.channel_.get(), 0));
  if (!made.queue_) {
    return verbs_failed(errno, "making a completion queue of " + std::to_string(entries));
  }
  return made;
}

Result<bool> Completions::poll(const std::function<void(const ibv_wc&)>& take) {
  std::array<ibv_wc, 32> done{};
  const int count = ibv_poll_cq(queue_.get(), static_cast<int>(done.size()), done.data());
  if (count < 0) return fail(ErrorCode::internal, "the completion queue cannot be read");
  for (int i = 0; i < count; ++i) {
    const ibv_wc& completion = done[static_cast<std::size_t>(i)];
    if (completion.status != IBV_WC_SUCCESS) return tl::unexpected(error_of(completion));
    take(completion);
  }
  return count > 0;
}

Result<bool> Completions::wait(Deadline deadline, Waiting waiting,
                               const std::function<void(const ibv_wc&)>& take) {
  const auto awake = Deadline::after(kAwake);
  const auto alone = Deadline::after(kAlone);
  while (true) {
    auto some = poll(take);
    if (!some || *some) return some;
    if (deadline.passed()) return false;
    if (alone.passed()) sched_yield();
    if (waiting == Waiting::spinning || !awake.passed()) continue;
    if (const int failed = ibv_req_notify_cq(queue_.get(), 0)) {
      return verbs_failed(failed, "asking for a completion event");
    }
    // One may have come before the request took hold.
    some = poll(take);
    if (!some || *some) return some;
    if (auto slept = wait_for_event(deadline); !slept) return tl::unexpected(slept.error());
  }
}

Status Completions::wait_for_event(Deadline deadline) {
  pollfd event{channel_->fd, POLLIN, 0};
  const int ready = ::poll(&event, 1, deadline.left_ms());
  if (ready < 0 && errno != EINTR) return fail_errno(errno, "waiting for a completion event");
  ibv_cq* queue = nullptr;
  void* context = nullptr;
  while (ibv_get_cq_event(channel_.get(), &queue, &context) == 0)
    ibv_ack_cq_events(queue, 1);
  return {};
}

}  // namespace plumbline::probes
