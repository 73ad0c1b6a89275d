#include <grpcpp/grpcpp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <mutex>
#include <thread>

#include "netcheck/claims/kubelet.hpp"
#include "podresources.grpc.pb.h"
#include "tests/netcheck/claims/temporary_folder.hpp"

namespace plumbline::netcheck::claims {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
/// What the stand-in answers besides List; null: not implemented, as an old kubelet has it.
struct More {
  std::function<grpc::Status(const v1::GetPodResourcesRequest&, v1::GetPodResourcesResponse&)> get;
  std::function<grpc::Status(v1::AllocatableResourcesResponse&)> allocatable;
};
using Answer = std::function<grpc::Status(grpc::ServerContext&, v1::ListPodResourcesResponse&)>;

/// A kubelet's PodResources on a unix socket of the test.
class Kubelet final : public v1::PodResourcesLister::Service {
 public:
  explicit Kubelet(Answer answer, More more = {})
      : answer_(std::move(answer)), more_(std::move(more)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + socket(), grpc::InsecureServerCredentials());
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~Kubelet() override { server_->Shutdown(std::chrono::system_clock::now()); }
  std::string socket() const { return (folder_.path() / "kubelet.sock").string(); }

 private:
  grpc::Status List(grpc::ServerContext* context, const v1::ListPodResourcesRequest*,
                    v1::ListPodResourcesResponse* response) override {
    return answer_(*context, *response);
  }
  grpc::Status Get(grpc::ServerContext*, const v1::GetPodResourcesRequest* request,
                   v1::GetPodResourcesResponse* response) override {
    if (!more_.get) return {grpc::StatusCode::UNIMPLEMENTED, "Get disabled"};
    return more_.get(*request, *response);
  }
  grpc::Status GetAllocatableResources(grpc::ServerContext*, const v1::AllocatableResourcesRequest*,
                                       v1::AllocatableResourcesResponse* response) override {
    if (!more_.allocatable) return {grpc::StatusCode::UNIMPLEMENTED, "disabled"};
    return more_.allocatable(*response);
  }

  TemporaryFolder folder_;
  Answer answer_;
  More more_;
  std::unique_ptr<grpc::Server> server_;
};

v1::ContainerResources& add_container(v1::ListPodResourcesResponse& response,
                                      const char* name_space, const char* pod) {
  auto& added = *response.add_pod_resources();
  added.set_namespace_(name_space);
  added.set_name(pod);
  auto& container = *added.add_containers();
  container.set_name("main");
  return container;
}

grpc::Status two_pods(grpc::ServerContext&, v1::ListPodResourcesResponse& response) {
  auto& plugin = *add_container(response, "lab", "job-0").add_devices();
  plugin.set_resource_name("example.com/sriov");
  plugin.add_device_ids("0000:17:00.3");
  plugin.add_device_ids("0000:17:00.4");
  auto& container = add_container(response, "tenant", "trainer-0");
  auto& claim = *container.add_dynamic_resources();
  claim.set_claim_name("trainer-0-nic");
  claim.set_claim_namespace("tenant");
  auto& device = *claim.add_claim_resources();
  device.set_driver_name("dra.net");
  device.set_pool_name("node-5");
  device.set_device_name("ens2");
  container.add_dynamic_resources()->set_claim_name("old-style");
  return grpc::Status::OK;
}

/// A listening unix socket of which the test itself plays the other side.
class RawSocket {
 public:
  RawSocket() : descriptor_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path().c_str(), path().size() + 1);
    const auto* raw = static_cast<const void*>(&address);
    REQUIRE(::bind(descriptor_, static_cast<const sockaddr*>(raw), sizeof address) == 0);
    REQUIRE(::listen(descriptor_, 8) == 0);
  }
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;
  ~RawSocket() { ::close(descriptor_); }
  std::string path() const { return (folder_.path() / "kubelet.sock").string(); }
  int accept() const { return ::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC); }
  void stop() const { ::shutdown(descriptor_, SHUT_RDWR); }

 private:
  TemporaryFolder folder_;
  int descriptor_;
};

}  // namespace

TEST_CASE("The kubelet's answer becomes holdings, plugin devices and claims alike") {
  const Kubelet kubelet(two_pods);
  const auto answer = kubelet_holdings(kubelet.socket(), "node-5", Deadline::after(20s));
  if (!answer) FAIL(answer.error().message);
  CHECK(answer->node == "node-5");
  CHECK(answer->source == kubelet.socket());
  REQUIRE(answer->holdings.size() == 4);
  CHECK(answer->holdings[0].resource == "example.com/sriov");
  CHECK(answer->holdings[0].device == "0000:17:00.3");
  CHECK(answer->holdings[1].device == "0000:17:00.4");
  const Holding& claimed = answer->holdings[2];
  CHECK(claimed.pod_namespace == "tenant");
  CHECK(claimed.pod_name == "trainer-0");
  CHECK(claimed.container == "main");
  CHECK(claimed.resource.empty());
  CHECK(claimed.driver == "dra.net");
  CHECK(claimed.pool == "node-5");
  CHECK(claimed.device == "ens2");
  CHECK(claimed.claim == "trainer-0-nic");
  CHECK(answer->holdings[3].claim == "old-style");
  CHECK(answer->holdings[3].device.empty());
}

TEST_CASE("A kubelet that holds nothing answers an empty list") {
  const Kubelet kubelet([](auto&, auto&) { return grpc::Status::OK; });
  const auto answer = kubelet_holdings(kubelet.socket(), "node-5", Deadline::after(20s));
  REQUIRE(answer);
  CHECK(answer->holdings.empty());
}

TEST_CASE("A socket that is not there, is no socket or has too long a name is named") {
  const TemporaryFolder folder;
  const auto missing = kubelet_holdings(folder.path() / "no.sock", "node-5", Deadline::after(5s));
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::not_found);
  CHECK_THAT(missing.error().message, ContainsSubstring("no.sock"));
  CHECK_THAT(missing.error().message, ContainsSubstring("node-5"));
  folder.with("file", "text");
  const auto file = kubelet_holdings(folder.path() / "file", "node-5", Deadline::after(5s));
  REQUIRE_FALSE(file);
  CHECK_THAT(file.error().message, ContainsSubstring("not a socket"));
  const auto lengthy = kubelet_holdings(std::string(200, 'x'), "node-5", Deadline::after(5s));
  REQUIRE_FALSE(lengthy);
  CHECK(lengthy.error().code == ErrorCode::invalid_input);
}

TEST_CASE("A kubelet that refuses is quoted with its status") {
  const Kubelet kubelet(
      [](auto&, auto&) { return grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "no such gate"); });
  const auto answer = kubelet_holdings(kubelet.socket(), "node-5", Deadline::after(20s));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::unavailable);
  CHECK_THAT(answer.error().message, ContainsSubstring("UNIMPLEMENTED: no such gate"));
  CHECK_THAT(answer.error().message, ContainsSubstring(kubelet.socket()));
}

TEST_CASE("A kubelet that answers late costs no more than the deadline") {
  std::mutex mutex;
  std::condition_variable over;
  bool done = false;
  const Kubelet kubelet([&](grpc::ServerContext&, auto&) {
    std::unique_lock lock(mutex);
    over.wait_for(lock, 30s, [&] { return done; });
    return grpc::Status::OK;
  });
  const auto before = std::chrono::steady_clock::now();
  const auto answer = kubelet_holdings(kubelet.socket(), "node-5", Deadline::after(300ms));
  const auto took = std::chrono::steady_clock::now() - before;
  {
    const std::lock_guard lock(mutex);
    done = true;
  }
  over.notify_all();
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::deadline_exceeded);
  CHECK(took >= 250ms);
  CHECK(took < 10s);
}

TEST_CASE("A kubelet that takes the connection and dies is an error, not an empty answer") {
  const RawSocket socket;
  std::thread server([&] {
    for (int peer = socket.accept(); peer >= 0; peer = socket.accept())
      ::close(peer);
  });
  const auto answer = kubelet_holdings(socket.path(), "node-5", Deadline::after(5s));
  socket.stop();
  server.join();
  REQUIRE_FALSE(answer);
  CHECK_THAT(answer.error().message, ContainsSubstring(socket.path()));
}

TEST_CASE("A socket that nobody answers ends at the deadline") {
  const RawSocket socket;
  const auto answer = kubelet_holdings(socket.path(), "node-5", Deadline::after(300ms));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::deadline_exceeded);
}

TEST_CASE("A deadline that has passed is not waited for") {
  const Kubelet kubelet(two_pods);
  const auto answer = kubelet_holdings(kubelet.socket(), "node-5", Deadline::after(-1s));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::deadline_exceeded);
}

TEST_CASE("An answer over 16 MiB is refused") {
  const Kubelet kubelet([](auto&, v1::ListPodResourcesResponse& response) {
    response.add_pod_resources()->set_name(std::string(17U << 20U, 'x'));
    return grpc::Status::OK;
  });
  const auto answer = kubelet_holdings(kubelet.socket(), "node-5", Deadline::after(20s));
  REQUIRE_FALSE(answer);
  CHECK_THAT(answer.error().message, ContainsSubstring("RESOURCE_EXHAUSTED"));
}

TEST_CASE("More than a hundred thousand holdings are refused") {
  const Kubelet kubelet([](auto&, v1::ListPodResourcesResponse& response) {
    auto& devices = *add_container(response, "a", "b").add_devices();
    for (int i = 0; i <= 100'000; ++i)
      devices.add_device_ids("x");
    return grpc::Status::OK;
  });
  const auto answer = kubelet_holdings(kubelet.socket(), "node-5", Deadline::after(20s));
  REQUIRE_FALSE(answer);
  CHECK_THAT(answer.error().message, ContainsSubstring("more than 100000"));
}

TEST_CASE("What a kubelet has to give is asked for, and an old kubelet's silence is said") {
  const TemporaryFolder nothing;
  const auto give = [](v1::AllocatableResourcesResponse& response) {
    auto& devices = *response.add_devices();
    devices.set_resource_name("x.io/nic");
    devices.add_device_ids("nic-0");
    devices.add_device_ids("nic-1");
    devices.mutable_topology()->add_nodes()->set_id(1);
    response.add_cpu_ids(2);
    return grpc::Status::OK;
  };
  const Kubelet kubelet(two_pods, {{}, give});
  const KubeletPlace place{kubelet.socket(), nothing.path() / "none", nothing.path() / "none"};
  const auto word = kubelet_word(place, "node-5", Deadline::after(20s));
  if (!word) FAIL(word.error().message);
  CHECK(word->holdings.size() == 4);
  REQUIRE(word->allocatable);
  REQUIRE(word->allocatable->devices.size() == 2);
  CHECK(word->allocatable->devices[1].device == "nic-1");
  CHECK(word->allocatable->devices[1].numa == std::vector<int>{1});
  CHECK(word->allocatable->cpus == std::vector<int>{2});
  REQUIRE(word->unread.size() == 2);
  CHECK_THAT(word->unread[0], ContainsSubstring("the kubelet's folder"));
  CHECK_THAT(word->unread[1], ContainsSubstring("cgroups"));

  const Kubelet old(two_pods);
  const KubeletPlace there{old.socket(), nothing.path(), nothing.path()};
  const auto less = kubelet_word(there, "node-5", Deadline::after(20s));
  REQUIRE(less);
  CHECK_FALSE(less->allocatable);
  CHECK_THAT(less->unread.front(), ContainsSubstring("UNIMPLEMENTED"));
}

TEST_CASE("One pod is asked for by Get, or picked out of List where there is no Get") {
  const TemporaryFolder folder;
  const auto get = [](const v1::GetPodResourcesRequest& request,
                      v1::GetPodResourcesResponse& response) -> grpc::Status {
    if (request.pod_name() != "job-0") return {grpc::StatusCode::NOT_FOUND, "no such pod"};
    v1::ListPodResourcesResponse all;
    add_container(all, "lab", "job-0").add_cpu_ids(7);
    response.mutable_pod_resources()->Swap(all.mutable_pod_resources(0));
    return grpc::Status::OK;
  };
  const Kubelet kubelet(two_pods, {get, {}});
  KubeletPlace place{kubelet.socket(), folder.path(), folder.path(), {"lab", "job-0"}};
  const auto one = kubelet_word(place, "node-5", Deadline::after(20s));
  if (!one) FAIL(one.error().message);
  CHECK(one->holdings.empty());
  REQUIRE(one->containers.size() == 1);
  CHECK(one->containers[0].cpus == std::vector<int>{7});
  place.pod.name = "gone";
  const auto gone = kubelet_word(place, "node-5", Deadline::after(20s));
  REQUIRE_FALSE(gone);
  CHECK_THAT(gone.error().message, ContainsSubstring("no such pod"));

  const Kubelet old(two_pods);
  const auto picked = kubelet_word({old.socket(), folder.path(), folder.path(), {"lab", "job-0"}},
                                   "node-5", Deadline::after(20s));
  if (!picked) FAIL(picked.error().message);
  REQUIRE(picked->holdings.size() == 2);
  CHECK(picked->holdings[0].pod_name == "job-0");
}

}  // namespace plumbline::netcheck::claims
