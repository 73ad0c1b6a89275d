#include "probes/drivers/ucx/ucx_connection.hpp"

#include <poll.h>
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>

namespace plumbline::probes {

namespace {

/// How long it polls before it sleeps: a few microseconds of waiting are common in a stream; a ping
/// waits for its pong awake.
std::chrono::nanoseconds patience(Waiting waiting) {
  return std::chrono::microseconds(waiting == Waiting::spinning ? 200 : 20);
}

/// Polling longer than this lets others run in between: the other end may share the core, and would
/// wait for it as this end does for the other.
constexpr std::chrono::microseconds kAlone{20};

/// Polls between two looks at the clock: a look costs a good part of a poll, and what arrives
/// meanwhile waits for it.
int polls_at_once(Waiting waiting) { return waiting == Waiting::spinning ? 16 : 1; }

/// The lines of ucp_ep_print_info() that tell a lane's transport.
std::vector<std::string> lanes_of(const std::string& text) {
  std::vector<std::string> lanes;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto lane = line.find("lane[");
    if (lane == std::string::npos) continue;
    std::istringstream words(line.substr(line.find(']', lane) + 1));
    // "lane[0]:  0:tcp/ens1.0 md[0]      -> addr[0].md[0]/tcp/sysdev[255] ..."
    for (std::string word; words >> word;) {
      const auto slash = word.find('/');
      const auto colon = word.find(':');
      if (slash == std::string::npos || word.rfind("md[", 0) == 0) continue;
      lanes.push_back(word.substr(colon == std::string::npos || colon > slash ? 0 : colon + 1));
      break;
    }
  }
  return lanes;
}

}  // namespace

UcxConnection::UcxConnection(UcxWorker worker, int event, Waiting waiting)
    : worker_(std::move(worker)), event_(event), waiting_(waiting) {}

Result<std::unique_ptr<UcxConnection>> UcxConnection::open(ucp_context_h context, Waiting waiting) {
  auto worker = open_worker(context);
  if (!worker) return tl::unexpected(worker.error());
  int event = -1;
  auto got =
      check(ucp_worker_get_efd(worker->get(), &event), "asking UCX for its event descriptor");
  if (!got) return tl::unexpected(got.error());
  return std::unique_ptr<UcxConnection>(new UcxConnection(std::move(*worker), event, waiting));
}

UcxConnection::~UcxConnection() {
  if (endpoint_ == nullptr) return;
  release_chunk();
  ucp_request_param_t param{};
  param.op_attr_mask = UCP_OP_ATTR_FIELD_FLAGS;
  param.flags = UCP_EP_CLOSE_FLAG_FORCE;
  ucs_status_ptr_t request = ucp_ep_close_nbx(endpoint_, &param);
  if (!UCS_PTR_IS_PTR(request)) return;
  const auto deadline = Deadline::after(std::chrono::milliseconds(500));
  while (ucp_request_check_status(request) == UCS_INPROGRESS && !deadline.passed()) {
    ucp_worker_progress(worker_.get());
  }
  ucp_request_free(request);
}

Result<std::string> UcxConnection::address() {
  ucp_address_t* address = nullptr;
  std::size_t length = 0;
  auto got =
      check(ucp_worker_get_address(worker_.get(), &address, &length), "asking UCX for its address");
  if (!got) return tl::unexpected(got.error());
  std::string bytes(length, '\0');
  std::memcpy(bytes.data(), address, length);
  ucp_worker_release_address(worker_.get(), address);
  return bytes;
}

Status UcxConnection::connect(const std::string& peer) {
  ucp_ep_params_t params{};
  params.field_mask = UCP_EP_PARAM_FIELD_REMOTE_ADDRESS | UCP_EP_PARAM_FIELD_ERR_HANDLING_MODE |
                      UCP_EP_PARAM_FIELD_ERR_HANDLER;
  const void* bytes = peer.data();
  params.address = static_cast<const ucp_address_t*>(bytes);
  params.err_mode = UCP_ERR_HANDLING_MODE_PEER;
  params.err_handler.cb = &UcxConnection::on_failure;
  params.err_handler.arg = this;
  return check(ucp_ep_create(worker_.get(), &params, &endpoint_), "connecting to the other end");
}

void UcxConnection::on_failure(void* self, ucp_ep_h /*endpoint*/, ucs_status_t status) {
  static_cast<UcxConnection*>(self)->failure_ = status;
}

void UcxConnection::on_sent(void* request, ucs_status_t status, void* self) {
  auto* connection = static_cast<UcxConnection*>(self);
  --connection->pending_;
  if (status != UCS_OK && connection->failure_ == UCS_OK) connection->failure_ = status;
  ucp_request_free(request);
}

Status UcxConnection::send(std::span<const std::byte> bytes) {
  ucp_request_param_t param{};
  param.op_attr_mask = UCP_OP_ATTR_FIELD_CALLBACK | UCP_OP_ATTR_FIELD_USER_DATA;
  param.cb.send = &UcxConnection::on_sent;
  param.user_data = this;
  ucs_status_ptr_t request = ucp_stream_send_nbx(endpoint_, bytes.data(), bytes.size(), &param);
  if (UCS_PTR_IS_ERR(request)) return check(UCS_PTR_STATUS(request), "sending");
  if (request != nullptr) ++pending_;
  return {};
}

Result<std::size_t> UcxConnection::receive(std::span<std::byte> into) {
  std::size_t taken = 0;
  while (taken < into.size()) {
    if (chunk_.empty()) {
      release_chunk();
      std::size_t length = 0;
      ucs_status_ptr_t data = ucp_stream_recv_data_nb(endpoint_, &length);
      if (data == nullptr) break;
      if (UCS_PTR_IS_ERR(data)) {
        if (taken > 0) break;
        return tl::unexpected(check(UCS_PTR_STATUS(data), "receiving").error());
      }
      chunk_owner_ = data;
      chunk_ = {static_cast<const std::byte*>(chunk_owner_), length};
    }
    const std::size_t count = std::min(chunk_.size(), into.size() - taken);
    std::memcpy(into.data() + taken, chunk_.data(), count);
    chunk_ = chunk_.subspan(count);
    taken += count;
  }
  return taken;
}

void UcxConnection::release_chunk() {
  if (chunk_owner_ != nullptr) ucp_stream_data_release(endpoint_, chunk_owner_);
  chunk_owner_ = nullptr;
  chunk_ = {};
}

Status UcxConnection::progress(Deadline deadline) {
  const auto awake = Deadline::after(patience(waiting_)).earlier(deadline);
  const auto alone = Deadline::after(kAlone);
  do {
    for (int poll = 0; poll < polls_at_once(waiting_); ++poll) {
      const bool moved = ucp_worker_progress(worker_.get()) != 0;
      if (failure_ != UCS_OK) return check(failure_, "talking to the other end");
      if (moved) return {};
    }
    if (alone.passed()) sched_yield();
  } while (!awake.passed());
  return deadline.passed() ? Status{} : sleep_until(deadline);
}

Status UcxConnection::sleep_until(Deadline deadline) {
  const ucs_status_t armed = ucp_worker_arm(worker_.get());
  if (armed == UCS_ERR_BUSY) {
    ucp_worker_progress(worker_.get());
  } else if (armed != UCS_OK) {
    return check(armed, "arming UCX's event descriptor");
  } else {
    pollfd event{event_, POLLIN, 0};
    if (poll(&event, 1, deadline.left_ms()) < 0 && errno != EINTR) {
      return fail_errno(errno, "waiting for UCX");
    }
    ucp_worker_progress(worker_.get());
  }
  return check(failure_, "talking to the other end");
}

std::vector<std::string> UcxConnection::transports() {
  if (endpoint_ == nullptr) return {};
  char* text = nullptr;
  std::size_t length = 0;
  std::FILE* stream = open_memstream(&text, &length);
  if (stream == nullptr) return {};
  ucp_ep_print_info(endpoint_, stream);
  static_cast<void>(std::fclose(stream));
  auto lanes = lanes_of(std::string(text, length));
  std::free(text);
  return lanes;
}

}  // namespace plumbline::probes
