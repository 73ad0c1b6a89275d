#include "probes/drivers/host/sandboxes.hpp"

#include <sys/sysmacros.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <tuple>

#include "probes/drivers/host/pod_devices.hpp"
#include "tests/probes/tree.hpp"

using namespace plumbline;
using namespace plumbline::probes;

namespace {

std::string cached(const std::string& sandbox) {
  return R"({"kind":"cniCacheV1","containerId":"c1","ifName":"ens3","networkName":"storage",
        "cniArgs":[["IgnoreUnknown","1"],["K8S_POD_NAMESPACE","tenant"],["K8S_POD_NAME","loader-0"],
        ["K8S_POD_UID","u1"]],
        "result":{"cniVersion":"1.0.0","interfaces":[{"name":"veth9"},{"name":"ens3","sandbox":")" +
         sandbox + R"("}],"ips":[]}})";
}

ErrorCode code_of(const std::string& path) {
  const auto opened = open_sandbox(path);
  if (opened) close(*opened);
  return opened ? ErrorCode::internal : opened.error().code;
}

}  // namespace

TEST_CASE("A cached result tells the pod and where its network is") {
  const auto result = parse_cached_result(cached("/run/netns/cni-1"));
  REQUIRE(result);
  CHECK(result->pod_namespace == "tenant");
  CHECK(result->pod_name == "loader-0");
  CHECK(result->pod_uid == "u1");
  CHECK(result->sandbox == "/run/netns/cni-1");
}

TEST_CASE("A file that is no cached result is refused with a reason") {
  const std::string good = cached("/run/netns/cni-1");
  for (std::size_t length = 0; length + 1 < good.size(); length += 7)
    CHECK_FALSE(parse_cached_result(good.substr(0, length)));
  CHECK_FALSE(parse_cached_result("[]"));
  CHECK_FALSE(parse_cached_result("{}"));
  CHECK_FALSE(parse_cached_result(R"({"cniArgs":[],"result":{}})"));
  CHECK_FALSE(parse_cached_result(R"({"cniArgs":[["K8S_POD_NAMESPACE"]],"result":{}})"));
  CHECK_FALSE(parse_cached_result(R"({"cniArgs":"x","result":5})"));
  CHECK_FALSE(parse_cached_result(cached("")));
  CHECK_FALSE(parse_cached_result(std::string(100000, '[')));
}

TEST_CASE("Only paths that a runtime makes for network namespaces are opened") {
  for (const char* path :
       {"", "x", "/etc/passwd", "/run/netns/", "/run/netns/.", "/run/netns/..",
        "/run/netns/../../etc/passwd", "/run/netns/a/b", "run/netns/a", "/proc/self/ns/net",
        "/proc/1/ns/mnt", "/proc/1x/ns/net", "/proc/99999999999/ns/net", "/proc/1/ns/net/",
        "/var/run/netns/../x", "/proc/1/root/proc/1/ns/net"}) {
    INFO(path);
    CHECK(code_of(path) == ErrorCode::invalid_input);
  }
}

TEST_CASE("A namespace that is gone is not found, this node's own is no pod's") {
  CHECK(code_of("/run/netns/plumbline-no-such-namespace") == ErrorCode::not_found);
  CHECK(code_of("/proc/" + std::to_string(getpid()) + "/ns/net") == ErrorCode::conflict);
}

TEST_CASE("A pod that cannot be looked into has a problem and no list of devices") {
  const Tree tree;
  tree.file("storage-c1-ens3", cached("/run/netns/plumbline-no-such-namespace"));
  tree.file("storage-c2-ens3", cached("/etc/shadow"));
  tree.file("storage-c2-ens4", cached("/etc/shadow"));
  tree.file("zz-broken", "{");
  tree.link("zz-link", "/etc/passwd");
  std::vector<std::string> problems;
  const auto pods = read_sandboxes(tree.root(), Deadline::after(std::chrono::seconds(5)), problems);
  REQUIRE(pods.size() == 2);
  for (const PodSandbox& pod : pods) {
    CHECK(pod.pod_name == "loader-0");
    CHECK_FALSE(pod.devices);
    CHECK_FALSE(pod.problem.empty());
  }
  CHECK(problems.size() == 1);
}

TEST_CASE("uverbs nodes are known by their numbers, and links in a pod's folders lead nowhere") {
  const Tree tree;
  for (const auto& [node, device, number] :
       {std::tuple{"uverbs0", "mlx5_0", "231:192"}, std::tuple{"uverbs1", "mlx5_1", "231:193"}}) {
    const std::string base = std::string("sys/class/infiniband_verbs/") + node;
    tree.file(base + "/ibdev", device);
    tree.file(base + "/dev", number);
  }
  const FileTree root(tree.root());
  CHECK(rdma_devices_of(root, {makedev(231, 193), makedev(1, 3)}) ==
        std::vector<std::string>{"mlx5_1"});
  CHECK(rdma_devices_of(root, {}).empty());
  // A pod's own tree: nothing, a link out of it, a folder of other files.
  CHECK(uverbs_numbers(tree.root() / "sys").value().empty());
  tree.directory("pod/dev");
  tree.link("pod/dev/infiniband", "/dev");
  CHECK_FALSE(uverbs_numbers(tree.root() / "pod").has_value());
  tree.file("other/dev/infiniband/uverbs0", "a file");
  tree.link("other/dev/infiniband/null", "/dev/null");
  CHECK(uverbs_numbers(tree.root() / "other").value().empty());
  CHECK(uverbs_numbers(tree.root() / "none").error().code == ErrorCode::not_found);
}

TEST_CASE("A pod whose processes are not seen from here says so; without RDMA nothing is said") {
  const Tree tree;
  PodSandbox pod;
  pod.pod_uid = "0c9e9b0e-5c2f-4d53-9f0d-0a1b2c3d4e5f";
  std::vector<PodSandbox> pods{pod, PodSandbox{}};
  add_pod_rdma(FileTree(tree.root()), pods);
  CHECK(pods[0].rdma_problem.empty());
  tree.file("sys/class/infiniband_verbs/uverbs0/ibdev", "mlx5_0");
  tree.file("proc/7/cgroup", "0::/init.scope");
  add_pod_rdma(FileTree(tree.root()), pods);
  CHECK(pods[0].rdma_problem.find("hostPID") != std::string::npos);
  CHECK(pods[1].rdma_problem.find("uid is not told") != std::string::npos);
  tree.file("proc/8/cgroup", "0::/kubepods/pod" + pod.pod_uid + "/c1");
  add_pod_rdma(FileTree(tree.root()), pods);
  CHECK(pods[0].rdma_problem == "its processes have ended");
}

TEST_CASE("A directory of results that is not there is told, not taken for no pods") {
  std::vector<std::string> problems;
  CHECK(read_sandboxes("/no/such/directory", Deadline::never(), problems).empty());
  CHECK(problems.size() == 1);
}
