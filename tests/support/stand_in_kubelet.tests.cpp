#include <grpcpp/grpcpp.h>
#include <catch2/catch_test_macros.hpp>

#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "podresources.grpc.pb.h"

namespace {

constexpr std::chrono::seconds kPatience{10};

/// A folder with an answer file, and the stand-in kubelet that serves it.
class Server {
 public:
  explicit Server(const std::string& answer, std::vector<std::string> extra = {}) {
    std::string name = "/tmp/sik.XXXXXX";
    folder_ = mkdtemp(name.data());
    write(answer);
    start(std::move(extra));
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    if (child_ > 0) end();
    std::filesystem::remove_all(folder_);
  }

  [[nodiscard]] std::string socket() const { return folder_ + "/kubelet.sock"; }

  void write(const std::string& answer) const { std::ofstream(folder_ + "/a.json") << answer; }

  void start(std::vector<std::string> extra = {}) {
    std::vector<std::string> words{PLUMBLINE_STAND_IN_KUBELET, "--socket", socket(), "--answer",
                                   folder_ + "/a.json"};
    words.insert(words.end(), extra.begin(), extra.end());
    std::vector<char*> arguments;
    for (auto& word : words)
      arguments.push_back(word.data());
    arguments.push_back(nullptr);
    REQUIRE(posix_spawn(&child_, words.front().c_str(), nullptr, nullptr, arguments.data(),
                        environ) == 0);
    grpc::ChannelArguments own;  // a restarted server is not reached by the old one's connection
    own.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    channel_ =
        grpc::CreateCustomChannel("unix:" + socket(), grpc::InsecureChannelCredentials(), own);
    const auto deadline = std::chrono::system_clock::now() + kPatience;
    REQUIRE(channel_->WaitForConnected(deadline));
    stub_ = v1::PodResourcesLister::NewStub(channel_);
  }

  /// Ends the child and returns its exit status, or -1 when a signal ended it.
  int end(int number = SIGTERM) {
    int status = 0;
    kill(child_, number);
    waitpid(child_, &status, 0);
    child_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  v1::PodResourcesLister::Stub& stub() { return *stub_; }

 private:
  std::string folder_;
  pid_t child_ = 0;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::PodResourcesLister::Stub> stub_;
};

/// One call's context, with a deadline.
struct Call {
  Call() { context.set_deadline(std::chrono::system_clock::now() + kPatience); }
  grpc::ClientContext context;
};

grpc::Status list(Server& server, v1::ListPodResourcesResponse& response) {
  Call call;
  return server.stub().List(&call.context, {}, &response);
}

grpc::Status get(Server& server, const std::string& name, v1::GetPodResourcesResponse& response) {
  Call call;
  v1::GetPodResourcesRequest request;
  request.set_pod_name(name);
  request.set_pod_namespace("tenant");
  return server.stub().Get(&call.context, request, &response);
}

const std::string one_pod = R"({"pod_resources": [{"name": "loader-0", "namespace": "tenant",
  "containers": [{"name": "main", "dynamic_resources": [
    {"claim_name": "nic", "claim_namespace": "tenant", "claim_resources": [
      {"driver_name": "dra.net", "pool_name": "node-6", "device_name": "ens3"}]}]}]}],
  "allocatable": {"cpu_ids": [1, 2]}})";

}  // namespace

TEST_CASE("The stand-in kubelet answers from its file, read again on every call") {
  Server server(one_pod);
  v1::ListPodResourcesResponse response;
  REQUIRE(list(server, response).ok());
  REQUIRE(response.pod_resources_size() == 1);
  const auto& claim = response.pod_resources(0).containers(0).dynamic_resources(0);
  CHECK(claim.claim_resources(0).device_name() == "ens3");

  v1::AllocatableResourcesResponse allocatable;
  Call call;
  REQUIRE(server.stub().GetAllocatableResources(&call.context, {}, &allocatable).ok());
  CHECK(allocatable.cpu_ids_size() == 2);

  server.write(R"({"pod_resources": []})");
  v1::ListPodResourcesResponse later;
  REQUIRE(list(server, later).ok());
  CHECK(later.pod_resources_size() == 0);
}

TEST_CASE("The stand-in kubelet gets one pod, or says that there is none") {
  Server server(one_pod);
  v1::GetPodResourcesResponse response;
  REQUIRE(get(server, "loader-0", response).ok());
  CHECK(response.pod_resources().name() == "loader-0");
  CHECK(get(server, "nobody", response).error_code() == grpc::StatusCode::NOT_FOUND);
}

TEST_CASE("The stand-in kubelet can be one that does not implement Get") {
  Server server(one_pod, {"--without-get"});
  v1::GetPodResourcesResponse response;
  CHECK(get(server, "loader-0", response).error_code() == grpc::StatusCode::UNIMPLEMENTED);
}

TEST_CASE("A file that the stand-in kubelet cannot read is an error and not an empty answer") {
  Server server("{\"pod_resources\": [");
  v1::ListPodResourcesResponse response;
  CHECK(list(server, response).error_code() == grpc::StatusCode::INTERNAL);
  server.write(R"({"pod_resources": [{"name": 7, "pods": {}}]})");
  CHECK(list(server, response).error_code() == grpc::StatusCode::INTERNAL);
  server.write(R"(["no object"])");
  CHECK(list(server, response).error_code() == grpc::StatusCode::INTERNAL);
  server.write("{}");
  CHECK(list(server, response).error_code() == grpc::StatusCode::INTERNAL);
}

TEST_CASE("The stand-in kubelet ends on SIGTERM and takes its socket with it") {
  Server server(one_pod);
  CHECK(server.end() == 0);
  CHECK_FALSE(std::filesystem::exists(server.socket()));
}

TEST_CASE("The stand-in kubelet replaces the socket of one that was killed") {
  Server server(one_pod);
  server.end(SIGKILL);
  REQUIRE(std::filesystem::exists(server.socket()));
  server.start();
  v1::ListPodResourcesResponse response;
  CHECK(list(server, response).ok());
}
