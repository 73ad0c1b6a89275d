#include "netcheck/claims/kubelet.hpp"

#include <grpcpp/grpcpp.h>
#include <sys/un.h>

#include <algorithm>
#include <chrono>
#include <system_error>

#include "netcheck/claims/holdings.hpp"
#include "podresources.grpc.pb.h"

namespace plumbline::netcheck::claims {
namespace {

constexpr int kMostBytes = 16 << 20;

/// What can be said before anything is sent: gRPC's own words for these are hard to read.
Status usable(const std::filesystem::path& socket) {
  if (socket.native().size() >= sizeof(sockaddr_un::sun_path)) {
    return fail(ErrorCode::invalid_input, "the path is too long for a unix socket");
  }
  std::error_code problem;
  const auto status = std::filesystem::status(socket, problem);
  if (problem) return fail_errno(problem.value(), "looking at it");
  if (!std::filesystem::is_socket(status)) {
    return fail(ErrorCode::invalid_input, "it is not a socket");
  }
  return {};
}

std::unique_ptr<v1::PodResourcesLister::Stub> connect(const std::filesystem::path& socket) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMostBytes);
  // An earlier failure's back-off belongs to that call, not to this one.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  const auto channel = grpc::CreateCustomChannel("unix:" + socket.string(),
                                                 grpc::InsecureChannelCredentials(), arguments);
  return v1::PodResourcesLister::NewStub(channel);
}

ErrorCode code_of(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return ErrorCode::deadline_exceeded;
    case grpc::StatusCode::PERMISSION_DENIED:
      return ErrorCode::permission_denied;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return ErrorCode::invalid_input;
    default:
      return ErrorCode::unavailable;
  }
}

std::string name_of(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return "DEADLINE_EXCEEDED";
    case grpc::StatusCode::UNAVAILABLE:
      return "UNAVAILABLE";
    case grpc::StatusCode::UNIMPLEMENTED:
      return "UNIMPLEMENTED";
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return "RESOURCE_EXHAUSTED";
    case grpc::StatusCode::PERMISSION_DENIED:
      return "PERMISSION_DENIED";
    case grpc::StatusCode::INTERNAL:
      return "INTERNAL";
    default:
      return "status " + std::to_string(static_cast<int>(code));
  }
}

Result<NodeHoldings> ask(const std::filesystem::path& socket, const std::string& node,
                         Deadline deadline) {
  if (auto fit = usable(socket); !fit) return tl::unexpected(std::move(fit.error()));
  if (deadline.passed()) return fail(ErrorCode::deadline_exceeded, "no time is left");
  const auto stub = connect(socket);
  grpc::ClientContext context;
  const auto left = std::chrono::duration_cast<std::chrono::microseconds>(deadline.left());
  context.set_deadline(std::chrono::system_clock::now() + left);
  v1::ListPodResourcesResponse answer;
  const grpc::Status status = stub->List(&context, {}, &answer);
  if (status.ok()) return holdings_of(answer, node, socket.string());
  return fail(code_of(status.error_code()),
              name_of(status.error_code()) + ": " + status.error_message());
}

}  // namespace

Result<NodeHoldings> kubelet_holdings(const std::filesystem::path& socket, const std::string& node,
                                      Deadline deadline) {
  auto holdings = ask(socket, node, deadline);
  if (holdings) return holdings;
  return pass_up(std::move(holdings.error()),
                 "asking the kubelet of " + node + " at " + socket.string());
}

}  // namespace plumbline::netcheck::claims
