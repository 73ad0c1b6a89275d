#include "agent/client/agent_connection.hpp"

#include <grpcpp/grpcpp.h>

#include <map>
#include <mutex>
#include <set>

#include "agent.grpc.pb.h"

namespace plumbline::agent {
namespace {

using v1::Json;

constexpr int kAnswerMost = 64 << 20;  // the codec's own bound

grpc::ChannelArguments channel_arguments(const std::string& node) {
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride(node);
  arguments.SetMaxReceiveMessageSize(kAnswerMost);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);  // an agent is never behind one
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 5000);  // a node that is gone says nothing
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5000);
  return arguments;
}

ErrorCode code_of(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::UNAVAILABLE:
      return ErrorCode::unavailable;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return ErrorCode::deadline_exceeded;
    case grpc::StatusCode::CANCELLED:
      return ErrorCode::cancelled;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
    case grpc::StatusCode::INVALID_ARGUMENT:
      return ErrorCode::invalid_input;
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
      return ErrorCode::permission_denied;
    default:
      return ErrorCode::internal;
  }
}

void set_deadline(grpc::ClientContext& context, Deadline deadline) {
  context.set_deadline(std::chrono::system_clock::now() + deadline.left());
}

}  // namespace

struct AgentConnection::Parts {
  AgentAddress address;
  std::unique_ptr<v1::Agent::Stub> stub;
  std::mutex mutex;
  std::string lease;
  std::string run_id;
  Seconds time_to_live;
  std::map<std::string, grpc::ClientContext*> measuring;
  std::set<std::string> cancelled;

  std::string name() const { return "agent on " + address.node + " (" + address.address + ")"; }

  Error error_of(const grpc::Status& status) const {
    if (!status.error_details().empty()) {
      return {parse_code(status.error_details()), name() + ": " + status.error_message()};
    }
    const ErrorCode code = code_of(status.error_code());
    if (code == ErrorCode::unavailable || code == ErrorCode::deadline_exceeded) {
      return {code, name() + " does not answer: " + status.error_message()};
    }
    return {code, name() + ": " + status.error_message()};
  }

  std::string held() {
    const std::lock_guard lock(mutex);
    return lease;
  }

  using Call = grpc::Status (v1::Agent::Stub::*)(grpc::ClientContext*, const Json&, Json*);
  Result<std::string> call(Call method, const std::string& text, Deadline deadline) {
    grpc::ClientContext context;
    set_deadline(context, deadline);
    Json asked;
    Json answer;
    asked.set_json(text);
    const auto status = (stub.get()->*method)(&context, asked, &answer);
    if (!status.ok()) return tl::unexpected(error_of(status));
    return answer.json();
  }

  /// Reserve and keep what was granted.
  Status take(const ReserveOrder& order, Deadline deadline) {
    const auto text = call(&v1::Agent::Stub::Reserve, encode(order), deadline);
    if (!text) return tl::unexpected(text.error());
    const auto grant = decode_grant(*text);
    if (!grant) return pass_up(grant.error(), name());
    const std::lock_guard lock(mutex);
    lease = grant->lease;
    run_id = order.run_id;
    time_to_live = order.time_to_live;
    return {};
  }

  /// False when cancel() came first.
  bool enter(const std::string& measurement, grpc::ClientContext* context) {
    const std::lock_guard lock(mutex);
    if (cancelled.contains(measurement)) return false;
    measuring[measurement] = context;
    return true;
  }

  void leave(const std::string& measurement) {
    const std::lock_guard lock(mutex);
    measuring.erase(measurement);
    cancelled.erase(measurement);
  }

  Result<MeasureEnd> receive(grpc::ClientContext& context, const std::string& text,
                             const std::function<void(const Event&)>& on_event) {
    Json asked;
    asked.set_json(text);
    const auto stream = stub->Measure(&context, asked);
    Result<MeasureEnd> end = fail(ErrorCode::internal, name() + " did not say how it ended");
    Json item;
    bool sound = true;
    while (stream->Read(&item)) {
      auto decoded = decode_item(item.json());
      if (!decoded) {
        sound = false;
        end = pass_up(decoded.error(), name() + " said what is not understood");
        context.TryCancel();
        break;
      }
      if (auto* const last = std::get_if<MeasureEnd>(&*decoded)) end = std::move(*last);
      if (const auto* const event = std::get_if<Event>(&*decoded)) on_event(*event);
    }
    const auto status = stream->Finish();
    if (sound && !status.ok() && !end) return tl::unexpected(error_of(status));
    return end;
  }
};

Result<std::unique_ptr<AgentConnection>> AgentConnection::connect(const AgentAddress& address,
                                                                  const TlsFiles& files) {
  const auto tls = read_tls(files);
  if (!tls) return tl::unexpected(tls.error());
  return connect(address, *tls);
}

Result<std::unique_ptr<AgentConnection>> AgentConnection::connect(const AgentAddress& address,
                                                                  const TlsTexts& texts) {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = texts.ca;
  options.pem_private_key = texts.key;
  options.pem_cert_chain = texts.certificate;
  auto parts = std::make_unique<Parts>();
  parts->address = address;
  const auto channel = grpc::CreateCustomChannel(address.address, grpc::SslCredentials(options),
                                                 channel_arguments(address.node));
  parts->stub = v1::Agent::NewStub(channel);
  return std::unique_ptr<AgentConnection>(new AgentConnection(std::move(parts)));
}

AgentConnection::AgentConnection(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

AgentConnection::~AgentConnection() = default;

const std::string& AgentConnection::node() const { return parts_->address.node; }

const std::string& AgentConnection::address() const { return parts_->address.address; }

Result<netcheck::NodeFacts> AgentConnection::inventory(Deadline deadline) {
  const auto text = parts_->call(&v1::Agent::Stub::Inventory, "{}", deadline);
  if (!text) return tl::unexpected(text.error());
  auto facts = decode_facts(*text);
  if (!facts) return pass_up(facts.error(), parts_->name());
  if (facts->node == node()) return facts;
  return fail(ErrorCode::conflict, parts_->name() + " says that it is on " + facts->node);
}

Status AgentConnection::reserve(const std::string& run_id, Seconds time_to_live,
                                Deadline deadline) {
  return parts_->take({run_id, time_to_live, ""}, deadline);
}

Status AgentConnection::renew(Deadline deadline) {
  ReserveOrder order;
  {
    const std::lock_guard lock(parts_->mutex);
    order = {parts_->run_id, parts_->time_to_live, parts_->lease};
  }
  if (order.lease.empty()) return fail(ErrorCode::conflict, parts_->name() + ": no lease to renew");
  return parts_->take(order, deadline);
}

Status AgentConnection::release(Deadline deadline) {
  const auto lease = parts_->held();
  if (lease.empty()) return {};
  const auto answer = parts_->call(&v1::Agent::Stub::Release, encode_lease(lease), deadline);
  if (!answer) return tl::unexpected(answer.error());
  const std::lock_guard lock(parts_->mutex);
  if (parts_->lease == lease) parts_->lease.clear();
  return {};
}

Result<MeasureEnd> AgentConnection::measure(MeasureOrder order,
                                            const std::function<void(const Event&)>& on_event,
                                            Deadline deadline) {
  order.lease = parts_->held();
  grpc::ClientContext context;
  set_deadline(context, deadline);
  Result<MeasureEnd> end =
      fail(ErrorCode::cancelled, parts_->name() + ": cancelled before it began");
  if (parts_->enter(order.measurement, &context)) {
    end = parts_->receive(context, encode(order), on_event);
  }
  parts_->leave(order.measurement);
  return end;
}

void AgentConnection::cancel(const std::string& measurement) {
  const std::lock_guard lock(parts_->mutex);
  parts_->cancelled.insert(measurement);
  const auto found = parts_->measuring.find(measurement);
  if (found != parts_->measuring.end()) found->second->TryCancel();
}

Status AgentConnection::exchange(const std::string& measurement, const GatheredEvent& gathered,
                                 Deadline deadline) {
  const ExchangeOrder order{parts_->held(), measurement, gathered};
  const auto answer = parts_->call(&v1::Agent::Stub::Exchange, encode(order), deadline);
  if (!answer) return tl::unexpected(answer.error());
  return {};
}

}  // namespace plumbline::agent
