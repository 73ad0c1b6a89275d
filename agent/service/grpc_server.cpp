#include "agent/service/grpc_server.hpp"

#include <grpcpp/grpcpp.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>

#include <algorithm>
#include <chrono>
#include <exception>

#include "agent.grpc.pb.h"
#include "agent/service/bounds.hpp"
#include "agent/service/peer.hpp"

namespace plumbline::agent {
namespace {

using v1::Json;

constexpr int kThreadsMost = 64;
constexpr int kStreamsMost = 32;
constexpr std::size_t kTextMost = 1024;  // a status travels in HTTP/2 trailers

grpc::StatusCode status_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_input:
      return grpc::StatusCode::INVALID_ARGUMENT;
    case ErrorCode::not_found:
      return grpc::StatusCode::NOT_FOUND;
    case ErrorCode::permission_denied:
      return grpc::StatusCode::PERMISSION_DENIED;
    case ErrorCode::conflict:
      return grpc::StatusCode::FAILED_PRECONDITION;
    case ErrorCode::deadline_exceeded:
      return grpc::StatusCode::DEADLINE_EXCEEDED;
    case ErrorCode::cancelled:
      return grpc::StatusCode::CANCELLED;
    default:
      return grpc::StatusCode::INTERNAL;
  }
}

/// The details carry our own code: by them a caller tells our word from the transport's.
grpc::Status status_of(const Error& error) {
  return {status_code(error.code), error.message.substr(0, kTextMost), to_string(error.code)};
}

Result<Peer> peer_of(const grpc::ServerContext& context) {
  const auto auth = context.auth_context();
  if (!auth || !auth->IsPeerAuthenticated()) {
    return fail(ErrorCode::permission_denied, "the peer showed no certificate");
  }
  const auto pem = auth->FindPropertyValues("x509_pem_cert");
  if (pem.size() != 1) return fail(ErrorCode::permission_denied, "the peer has no certificate");
  return read_peer(std::string(pem[0].data(), pem[0].size()));
}

Deadline deadline_of(const grpc::ServerContext& context) {
  const auto left = context.deadline() - std::chrono::system_clock::now();
  return Deadline::after(
      std::clamp<std::chrono::nanoseconds>(left, std::chrono::seconds(0), std::chrono::minutes(5)));
}

class Service final : public v1::Agent::Service {
 public:
  Service(Desk& desk, Metrics& metrics) : desk_(desk), metrics_(metrics) {}

  grpc::Status Inventory(grpc::ServerContext* context, const Json*, Json* answer) override {
    return serve(*context, answer, [&](const Peer&) {
      return desk_.inventory([&] { return context->IsCancelled(); }, deadline_of(*context));
    });
  }

  grpc::Status Reserve(grpc::ServerContext* context, const Json* asked, Json* answer) override {
    return serve(*context, answer,
                 [&](const Peer& peer) { return desk_.reserve(peer.name, asked->json()); });
  }

  grpc::Status Exchange(grpc::ServerContext* context, const Json* asked, Json* answer) override {
    return serve(*context, answer,
                 [&](const Peer& peer) { return desk_.exchange(peer.name, asked->json()); });
  }

  grpc::Status Release(grpc::ServerContext* context, const Json* asked, Json* answer) override {
    return serve(*context, answer,
                 [&](const Peer& peer) { return desk_.release(peer.name, asked->json()); });
  }

  grpc::Status Measure(grpc::ServerContext* context, const Json* asked,
                       grpc::ServerWriter<Json>* stream) override {
    const auto write = [&](const std::string& text) {
      Json item;
      item.set_json(text);
      return stream->Write(item);
    };
    return serve(*context, nullptr, [&](const Peer& peer) -> Result<std::string> {
      const auto done =
          desk_.measure(peer.name, asked->json(), {write, [&] { return context->IsCancelled(); }});
      if (!done) return tl::unexpected(done.error());
      return std::string{};
    });
  }

 private:
  /// The role first; then the work. A thread of gRPC begins here, so exceptions end here.
  template <typename Work>
  grpc::Status serve(const grpc::ServerContext& context, Json* answer, const Work& work) noexcept {
    try {
      const auto result = allowed(context, work);
      if (!result) {
        metrics_.refused(to_string(result.error().code));
        return status_of(result.error());
      }
      if (answer != nullptr) answer->set_json(*result);
      return grpc::Status::OK;
    } catch (const std::exception& problem) {
      return status_of({ErrorCode::internal, problem.what()});
    }
  }

  template <typename Work>
  Result<std::string> allowed(const grpc::ServerContext& context, const Work& work) {
    const auto peer = peer_of(context);
    if (!peer) return tl::unexpected(peer.error());
    if (const auto may = may_command(*peer); !may) return tl::unexpected(may.error());
    return work(*peer);
  }

  Desk& desk_;
  Metrics& metrics_;
};

std::shared_ptr<grpc::ServerCredentials> credentials(const TlsTexts& tls) {
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = tls.ca;
  options.pem_key_cert_pairs.push_back({tls.key, tls.certificate});
  return grpc::SslServerCredentials(options);
}

void set_limits(grpc::ServerBuilder& builder) {
  grpc::ResourceQuota quota("plumbline-agent");
  quota.SetMaxThreads(kThreadsMost);
  builder.SetResourceQuota(quota);
  builder.SetMaxReceiveMessageSize(static_cast<int>(bounds::kMessageMost));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsMost);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // a second agent here is an error
  // Notices a coordinator whose machine is gone, and allows it to do the same.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 5000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1000);
}

}  // namespace

struct GrpcServer::Parts {
  Parts(Desk& desk, Metrics& metrics) : service(desk, metrics) {}
  Service service;
  std::unique_ptr<grpc::Server> server;
  int port = 0;
};

Result<std::unique_ptr<GrpcServer>> GrpcServer::open(const std::string& address,
                                                     const TlsTexts& tls, Desk& desk,
                                                     Metrics& metrics) {
  auto parts = std::make_unique<Parts>(desk, metrics);
  grpc::ServerBuilder builder;
  set_limits(builder);
  builder.AddListeningPort(address, credentials(tls), &parts->port);
  builder.RegisterService(&parts->service);
  parts->server = builder.BuildAndStart();
  if (!parts->server || parts->port == 0) {
    return fail(ErrorCode::unavailable, "cannot listen on " + address +
                                            ": the address is not free, not of this machine, or "
                                            "the key does not fit the certificate");
  }
  return std::unique_ptr<GrpcServer>(new GrpcServer(std::move(parts)));
}

GrpcServer::GrpcServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

GrpcServer::~GrpcServer() { parts_->server->Shutdown(); }

int GrpcServer::port() const { return parts_->port; }

void GrpcServer::stop(Deadline deadline) {
  parts_->server->Shutdown(std::chrono::system_clock::now() + deadline.left());
}

}  // namespace plumbline::agent
