#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <filesystem>

#include "core/json/codec.hpp"
#include "netcheck/claims/kubelet_state.hpp"
#include "tests/netcheck/claims/temporary_folder.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Catch::Matchers::ContainsSubstring;
namespace fs = std::filesystem;

const std::string kId(64, 'a');
const std::string kOther(64, 'b');
constexpr const char* kUid = "1b2c3d4e-0000-4000-8000-00000000000a";
constexpr const char* kUnder = "1b2c3d4e_0000_4000_8000_00000000000a";

void write(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

void add_group(const fs::path& group, const std::string& cpus, const std::string& nodes) {
  write(group / "cpuset.cpus.effective", cpus + "\n");
  write(group / "cpuset.mems.effective", nodes + "\n");
  write(group / "cgroup.procs", "");
}

}  // namespace

TEST_CASE("Lists of CPUs are read as the kernel writes them, and nothing else is") {
  CHECK(parse_cpu_list("0-2,8").value() == std::vector<int>{0, 1, 2, 8});
  CHECK(parse_cpu_list("").value().empty());
  CHECK(parse_cpu_list("3,1,3").value() == std::vector<int>{1, 3});
  for (const char* const wrong :
       {"a", "-1", "3-1", "1-", "9999", "1 2", "0-8191,x", "99999999999"}) {
    INFO(wrong);
    CHECK_FALSE(parse_cpu_list(wrong));
  }
}

TEST_CASE("A kubelet's folder tells what its managers wrote down") {
  const TemporaryFolder folder;
  write(folder.path() / "cpu_manager_state", R"({"policyName":"static","defaultCpuSet":"0-1",)"
                                             R"("entries":{"u1":{"main":"2-3"}},"checksum":1})");
  write(folder.path() / "memory_manager_state",
        R"({"policyName":"Static","machineState":{"0":{}},"entries":{"u1":{"main":[)"
        R"({"numaAffinity":[0],"type":"memory","size":1},)"
        R"({"numaAffinity":[0],"type":"hugepages-1Gi"}]}}})");
  write(folder.path() / "device-plugins/kubelet_internal_checkpoint",
        R"({"Data":{"PodDeviceEntries":[{"PodUID":"u1","ContainerName":"main",)"
        R"("ResourceName":"x.io/nic","DeviceIDs":{"-1":["a"],"0":["b"]},"AllocResp":"aGk="},)"
        R"({"PodUID":"u2","ContainerName":"c","ResourceName":"x.io/nic","DeviceIDs":["old"]}],)"
        R"("RegisteredDevices":{}},"Checksum":2})");
  write(folder.path() / "config.yaml",
        "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
        "topologyManagerPolicy: single-numa-node\ntopologyManagerScope: pod\n");
  const auto state = read_kubelet_state(folder.path());
  REQUIRE(state);
  CHECK(state->problems.empty());
  CHECK(state->cpu_policy == "static");
  CHECK(state->shared_cpus == std::vector<int>{0, 1});
  CHECK(state->memory_policy == "Static");
  REQUIRE(state->entries.size() == 1);
  CHECK(state->entries[0].cpus == std::vector<int>{2, 3});
  CHECK(state->entries[0].memory_numa == std::vector<int>{0});
  REQUIRE(state->plugins);
  REQUIRE(state->plugins->size() == 2);
  CHECK((*state->plugins)[0].devices == std::vector<std::string>{"a", "b"});
  CHECK((*state->plugins)[1].devices == std::vector<std::string>{"old"});
  CHECK(state->topology_policy == "single-numa-node");
  CHECK(state->topology_scope == "pod");
}

TEST_CASE("A kubelet's file that is not understood is said, and the others are read") {
  const TemporaryFolder folder;
  write(folder.path() / "cpu_manager_state", R"({"policyName":"static","entries":{"u":"0-3"}})");
  write(folder.path() / "memory_manager_state", R"({"policyName":"None","checksum":4})");
  write(folder.path() / "device-plugins/kubelet_internal_checkpoint", "not json");
  const auto state = read_kubelet_state(folder.path());
  REQUIRE(state);
  CHECK(state->cpu_policy.empty());
  CHECK(state->memory_policy == "None");
  CHECK_FALSE(state->plugins);
  REQUIRE(state->problems.size() == 2);
  CHECK_THAT(state->problems[0], ContainsSubstring("cpu_manager_state"));
  const auto missing = read_kubelet_state(folder.path() / "no");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::not_found);
}

TEST_CASE("Cpusets of containers are found under systemd's and cgroupfs' names, nested or not") {
  const TemporaryFolder folder;
  const auto systemd = folder.path() / "kubelet.slice/kubelet-kubepods.slice" /
                       (std::string("kubelet-kubepods-pod") + kUnder + ".slice");
  add_group(systemd / ("cri-containerd-" + kId + ".scope"), "2-3", "0");
  add_group(systemd / ("crio-conmon-" + kOther + ".scope"), "0-7", "0-1");
  const auto plain = folder.path() / "kubepods/burstable" / (std::string("pod") + kUid);
  add_group(plain / kOther, "0-1", "0-1");
  add_group(folder.path() / "system.slice/sshd.service", "0-7", "0-1");
  const auto found = read_cpusets(folder.path());
  if (!found) FAIL(found.error().message);
  REQUIRE(found->size() == 2);
  for (const ContainerCpuset& cpuset : *found) {
    CHECK(cpuset.pod_uid == kUid);
    const bool first = cpuset.container_id == kId;
    CHECK(cpuset.cpus == (first ? std::vector<int>{2, 3} : std::vector<int>{0, 1}));
    CHECK(cpuset.memory_nodes == (first ? std::vector<int>{0} : std::vector<int>{0, 1}));
  }
}

TEST_CASE("The DRA manager's checkpoint tells which devices of which claim were prepared") {
  const std::string entry =
      R"([{\"ClaimUID\":\"u\",\"ClaimName\":\"c\",\"Namespace\":\"ns\",\"PodUIDs\":{\"p\":{}},)"
      R"(\"DriverState\":{\"dra.net\":{\"Devices\":[{\"PoolName\":\"n\",\"DeviceName\":\"ens1\",)"
      R"(\"RequestNames\":[\"nic\"],\"New\":1}]},\"gpu.x\":{\"Devices\":null}}}])";
  for (const std::string list : {"ClaimInfoStateList", "Entries"}) {
    KubeletState state;
    const auto added = add_dra_state(R"({"Data":"{\"kind\":\"DRACheckpoint\",\")" + list +
                                         R"(\":)" + entry + R"(}","Checksum":1})",
                                     state);
    if (!added) FAIL(added.error().message);
    REQUIRE(state.claims);
    REQUIRE(state.claims->size() == 1);
    CHECK(state.claims->front().pod_uids == std::vector<std::string>{"p"});
    REQUIRE(state.claims->front().devices.size() == 1);
    CHECK(state.claims->front().devices[0].device == "ens1");
  }
  KubeletState none;
  REQUIRE(add_dra_state(
      R"({"Data":"{\"kind\":\"DRACheckpoint\",\"ClaimInfoStateList\":null}","Checksum":1})", none));
  CHECK(none.claims->empty());
}

TEST_CASE("A DRA checkpoint of another form is refused with what is wrong") {
  for (const auto& [text, why] : std::vector<std::pair<std::string, std::string>>{
           {"", ""},
           {"[]", "not a JSON object"},
           {R"({"version":"v1","entries":[{"ClaimUID":"u"}]})", "no Data"},
           {R"({"Data":{}})", "no Data"},
           {R"({"Data":"{"})", "its Data"},
           {R"({"Data":"{\"kind\":\"Other\"}"})", "no DRACheckpoint"},
           {R"({"Data":"{\"Entries\":[1]}"})", "an entry is no object"},
           {R"({"Data":"{\"Entries\":[{}]}"})", "no ClaimUID"},
           {R"({"Data":"{\"Entries\":[{\"ClaimUID\":\"u\"}]}"})", "no DriverState"},
           {R"({"Data":"{\"Entries\":[{\"ClaimUID\":\"u\",\"DriverState\":)"
            R"({\"d\":{\"Devices\":[1]}}}]}"})",
            "has no name"}}) {
    KubeletState state;
    const auto added = add_dra_state(text, state);
    REQUIRE_FALSE(added);
    CHECK_THAT(added.error().message, ContainsSubstring(why));
    CHECK_FALSE(state.claims);
  }
}

TEST_CASE("Version 1 cgroups are read from the cpuset's tree") {
  const TemporaryFolder folder;
  write(folder.path() / "cpuset/cpuset.cpus", "0-7\n");
  write(folder.path() / "cpuset/kubepods" / (std::string("pod") + kUid) / kId / "cpuset.cpus",
        "5\n");
  const auto found = read_cpusets(folder.path());
  REQUIRE(found);
  REQUIRE(found->size() == 1);
  CHECK((*found)[0].cpus == std::vector<int>{5});
}

TEST_CASE("A machine without pods' cgroups is an error that says where was looked") {
  const TemporaryFolder folder;
  const auto found = read_cpusets(folder.path());
  REQUIRE_FALSE(found);
  CHECK_THAT(found.error().message, ContainsSubstring("kubepods below " + folder.path().string()));
}

TEST_CASE("All of a kubelet's word survives the codec") {
  NodeHoldings word;
  word.node = "n";
  word.allocatable = Allocatable{{{"x.io/nic", "a", {1}}}, {4}};
  KubeletState state;
  state.cpu_policy = "static";
  state.topology_policy = "restricted";
  state.shared_cpus = {0};
  state.entries = {{"u", "c", {1}, {0}}};
  state.plugins = std::vector<PluginEntry>{{"u", "c", "x.io/nic", {"a"}}};
  state.claims = std::vector<PreparedClaim>{{"u", "s", "c", {"p"}, {{"dra.net", "n", "ens1"}}}};
  state.problems = {"why"};
  word.state = state;
  word.cpusets = std::vector<ContainerCpuset>{{"u", "id", {1}, {0}}};
  word.unread = {"cgroups: none"};
  word.read_at = "2026-11-23T06:24:35Z";
  const auto again = json::decode_holdings(json::encode(word));
  if (!again) FAIL(again.error().message);
  CHECK(json::encode(*again) == json::encode(word));
  CHECK(again->cpusets->front().container_id == "id");
  CHECK(again->state->plugins->front().devices.front() == "a");
  CHECK(again->state->claims->front().devices.front().device == "ens1");
  NodeHoldings bare;
  bare.node = "n";
  CHECK_FALSE(json::decode_holdings(json::encode(bare))->allocatable);
}

}  // namespace plumbline::netcheck::claims
