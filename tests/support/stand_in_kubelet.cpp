// A kubelet's PodResources v1 server on a unix socket; it answers from a JSON file that it reads
// again on every call. The file: {"pod_resources": [...], "allocatable": {"devices": [...]}} with
// the field names of the proto. An unreadable file is an error of the call, never an empty answer.

#include "podresources.grpc.pb.h"

#include <google/protobuf/util/json_util.h>
#include <grpcpp/grpcpp.h>
#include <nlohmann/json.hpp>

#include <signal.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace {

constexpr int kExitUsage = 64;
constexpr int kExitInternal = 70;

struct Options {
  std::string socket;
  std::string answer;
  bool without_get = false;
};

constexpr std::string_view kUsage =
    "usage: stand-in-kubelet --socket PATH --answer FILE [--without-get]\n"
    "Serves the kubelet's PodResources v1 on a unix socket from a JSON file, read on every call.\n"
    "  --without-get   Get is not implemented, as in a kubelet before 1.34\n"
    "example: stand-in-kubelet --socket /tmp/kubelet.sock --answer podresources.json\n";

std::optional<Options> parse(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string_view name = arguments[i];
    if (name == "--without-get") {
      options.without_get = true;
      continue;
    }
    const bool known = name == "--socket" || name == "--answer";
    if (!known || i + 1 >= count) return std::nullopt;
    (name == "--socket" ? options.socket : options.answer) = arguments[++i];
  }
  if (options.socket.empty() || options.answer.empty()) return std::nullopt;
  return options;
}

/// Reads one part of the answer file into a message; what fails is the call's status.
class Answers {
 public:
  explicit Answers(std::string path) : path_(std::move(path)) {}

  grpc::Status pods(v1::ListPodResourcesResponse& response) const {
    // Without the key the answer is null, which is no list: an error, never "no pods".
    return fill(response, [](const nlohmann::json& document) {
      const auto found = document.find("pod_resources");
      if (found == document.end() || !found->is_array()) return nlohmann::json();
      return nlohmann::json{{"pod_resources", *found}};
    });
  }

  grpc::Status allocatable(v1::AllocatableResourcesResponse& response) const {
    return fill(response, [](const nlohmann::json& document) {
      return document.value("allocatable", nlohmann::json::object());
    });
  }

 private:
  template <typename Select>
  grpc::Status fill(google::protobuf::Message& message, Select select) const {
    std::ifstream stream(path_);
    if (!stream) return {grpc::StatusCode::INTERNAL, "cannot read " + path_};
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    const auto document = nlohmann::json::parse(text, nullptr, false);
    if (!document.is_object()) return {grpc::StatusCode::INTERNAL, path_ + " is no JSON object"};
    const auto status =
        google::protobuf::util::JsonStringToMessage(select(document).dump(), &message);
    if (status.ok()) return grpc::Status::OK;
    return {grpc::StatusCode::INTERNAL, path_ + ": " + std::string(status.message())};
  }

  std::string path_;
};

class Kubelet final : public v1::PodResourcesLister::Service {
 public:
  Kubelet(Answers answers, bool without_get)
      : answers_(std::move(answers)), without_get_(without_get) {}

  grpc::Status List(grpc::ServerContext* /*context*/, const v1::ListPodResourcesRequest* /*ask*/,
                    v1::ListPodResourcesResponse* response) override {
    return answers_.pods(*response);
  }

  grpc::Status GetAllocatableResources(grpc::ServerContext* /*context*/,
                                       const v1::AllocatableResourcesRequest* /*ask*/,
                                       v1::AllocatableResourcesResponse* response) override {
    return answers_.allocatable(*response);
  }

  grpc::Status Get(grpc::ServerContext* /*context*/, const v1::GetPodResourcesRequest* ask,
                   v1::GetPodResourcesResponse* response) override {
    if (without_get_) return {grpc::StatusCode::UNIMPLEMENTED, "PodResources API Get disabled"};
    v1::ListPodResourcesResponse all;
    if (auto status = answers_.pods(all); !status.ok()) return status;
    for (auto& pod : *all.mutable_pod_resources()) {
      if (pod.name() != ask->pod_name() || pod.namespace_() != ask->pod_namespace()) continue;
      response->mutable_pod_resources()->Swap(&pod);
      return grpc::Status::OK;
    }
    const std::string name = ask->pod_namespace() + "/" + ask->pod_name();
    return {grpc::StatusCode::NOT_FOUND, "pod " + name + " not found"};
  }

 private:
  Answers answers_;
  bool without_get_;
};

/// Removes a socket that no server listens on any more; what else stands there is an error's text.
std::optional<std::string> clear_stale(const std::string& path) {
  sockaddr_un address{};
  if (path.size() >= sizeof(address.sun_path)) return path + ": longer than a socket's path";
  struct stat entry {};
  if (lstat(path.c_str(), &entry) != 0) return std::nullopt;
  if (!S_ISSOCK(entry.st_mode)) return path + " exists and is not a socket";
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool served = connect(probe, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  close(probe);
  if (served) return path + ": another server listens there";
  if (unlink(path.c_str()) != 0) return path + ": " + std::strerror(errno);
  return std::nullopt;
}

int serve(const Options& options, const sigset_t& ends) {
  if (const auto problem = clear_stale(options.socket)) {
    std::cerr << "stand-in-kubelet: " << *problem << '\n';
    return kExitInternal;
  }
  Kubelet kubelet(Answers(options.answer), options.without_get);
  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + options.socket, grpc::InsecureServerCredentials());
  builder.RegisterService(&kubelet);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (!server) {
    std::cerr << "stand-in-kubelet: cannot listen on " << options.socket << '\n';
    return kExitInternal;
  }
  int signal_number = 0;
  sigwait(&ends, &signal_number);
  server->Shutdown(std::chrono::system_clock::now());
  unlink(options.socket.c_str());
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 2 && std::string_view(arguments[1]) == "--help") {
    std::cout << kUsage;
    return 0;
  }
  const auto options = parse(count, arguments);
  if (!options) {
    std::cerr << kUsage;
    return kExitUsage;
  }
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);  // before gRPC starts its threads, so they inherit it
  return serve(*options, ends);
}
