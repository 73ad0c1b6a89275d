#include "netcheck/claims/kubelet.hpp"

#include <grpcpp/grpcpp.h>
#include <sys/un.h>

#include <algorithm>
#include <chrono>
#include <system_error>

#include "core/clock.hpp"
#include "netcheck/claims/holdings.hpp"
#include "netcheck/claims/kubelet_state.hpp"
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

/// A stub, its time, and what the call answered.
template <typename Answer, typename Call>
Result<Answer> call(const std::filesystem::path& socket, Deadline deadline, Call make,
                    grpc::StatusCode* code = nullptr) {
  if (auto fit = usable(socket); !fit) return tl::unexpected(std::move(fit.error()));
  if (deadline.passed()) return fail(ErrorCode::deadline_exceeded, "no time is left");
  const auto stub = connect(socket);
  grpc::ClientContext context;
  const auto left = std::chrono::duration_cast<std::chrono::microseconds>(deadline.left());
  context.set_deadline(std::chrono::system_clock::now() + left);
  Answer answer;
  const grpc::Status status = make(*stub, context, answer);
  if (status.ok()) return answer;
  if (code != nullptr) *code = status.error_code();
  return fail(code_of(status.error_code()),
              name_of(status.error_code()) + ": " + status.error_message());
}

using Stub = v1::PodResourcesLister::Stub;

Result<NodeHoldings> ask(const std::filesystem::path& socket, const std::string& node,
                         Deadline deadline) {
  const auto answer = call<v1::ListPodResourcesResponse>(
      socket, deadline, [](Stub& stub, grpc::ClientContext& context, auto& list) {
        return stub.List(&context, {}, &list);
      });
  if (!answer) return tl::unexpected(answer.error());
  return holdings_of(*answer, node, socket.string());
}

Result<Allocatable> ask_allocatable(const std::filesystem::path& socket, Deadline deadline) {
  const auto answer = call<v1::AllocatableResourcesResponse>(
      socket, deadline, [](Stub& stub, grpc::ClientContext& context, auto& all) {
        return stub.GetAllocatableResources(&context, {}, &all);
      });
  if (!answer) return tl::unexpected(answer.error());
  return allocatable_of(*answer);
}

/// By Get; a kubelet that has no Get (before 1.34) is asked for all, and the pod picked out.
Result<NodeHoldings> ask_pod(const std::filesystem::path& socket, const std::string& node,
                             const PodName& pod, Deadline deadline) {
  grpc::StatusCode code = grpc::StatusCode::OK;
  auto answer = call<v1::GetPodResourcesResponse>(
      socket, deadline,
      [&pod](Stub& stub, grpc::ClientContext& context, auto& one) {
        v1::GetPodResourcesRequest request;
        request.set_pod_name(pod.name);
        request.set_pod_namespace(pod.name_space);
        return stub.Get(&context, request, &one);
      },
      &code);
  if (answer) {
    v1::ListPodResourcesResponse list;
    list.add_pod_resources()->Swap(answer->mutable_pod_resources());
    return holdings_of(list, node, socket.string());
  }
  if (code != grpc::StatusCode::UNIMPLEMENTED) return tl::unexpected(std::move(answer.error()));
  auto all = ask(socket, node, deadline);
  if (!all) return all;
  const auto other = [&pod](const auto& item) {
    return item.pod_namespace != pod.name_space || item.pod_name != pod.name;
  };
  std::erase_if(all->holdings, other);
  std::erase_if(all->containers, other);
  return all;
}

}  // namespace

Result<NodeHoldings> kubelet_holdings(const std::filesystem::path& socket, const std::string& node,
                                      Deadline deadline) {
  auto holdings = ask(socket, node, deadline);
  if (holdings) return holdings;
  return pass_up(std::move(holdings.error()),
                 "asking the kubelet of " + node + " at " + socket.string());
}

Result<NodeHoldings> kubelet_word(const KubeletPlace& place, const std::string& node,
                                  Deadline deadline) {
  auto word = place.pod.name.empty() ? ask(place.socket, node, deadline)
                                     : ask_pod(place.socket, node, place.pod, deadline);
  if (!word) {
    return pass_up(std::move(word.error()),
                   "asking the kubelet of " + node + " at " + place.socket.string());
  }
  const auto keep = [&word](auto& kept, auto read, const char* what) {
    if (read) {
      kept = std::move(*read);
    } else {
      word->unread.push_back(std::string(what) + ": " + read.error().message);
    }
  };
  word->read_at = SystemClock().wall_time();
  keep(word->allocatable, ask_allocatable(place.socket, deadline), "GetAllocatableResources");
  keep(word->state, read_kubelet_state(place.state), "the kubelet's folder");
  keep(word->cpusets, read_cpusets(place.cgroups), "cgroups");
  return word;
}

}  // namespace plumbline::netcheck::claims
