#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "netcheck/rules/inside.hpp"
#include "tests/netcheck/rules/inside_facts.hpp"
#include "tests/netcheck/rules/rack_facts.hpp"

namespace plumbline::netcheck {
namespace {

using Catch::Matchers::ContainsSubstring;

/// The only violation, which names pod, node and whatever else is asked for.
void names(const Facts& facts, const std::vector<std::string>& words) {
  const Finding finding = the_only(x04_inside(facts), Verdict::violation);
  CHECK(finding.subject.node == "n1");
  CHECK_FALSE(finding.next_step.empty());
  CHECK_FALSE(finding.evidence.empty());
  for (const std::string& word : words)
    CHECK_THAT(finding.message, ContainsSubstring(word));
}

}  // namespace

TEST_CASE("X04: pods of the stage that find inside what they were given, and no other, match") {
  const Facts facts = inside_facts();
  CHECK(all_match(x04_inside(facts)));
  CHECK(with(x04_inside(facts), Verdict::match).size() == 4);
  Facts none = facts;
  none.workloads.reset();
  CHECK(x04_inside(none).empty());
}

TEST_CASE("X04: another GPU than the given one inside a pod is named with both") {
  Facts facts = inside_facts();
  inside(facts, "single-0").nodes = {device_node("gpu", "/dev/nvidia3", "3")};
  names(facts, {"Pod plumbline/single-0 on n1", "/dev/nvidia3 in place of /dev/nvidia0"});
}

TEST_CASE("X04: a GPU too many inside a pod is named with the pod that it was given to") {
  Facts facts = inside_facts();
  inside(facts, "single-0").nodes.push_back(device_node("gpu", "/dev/nvidia1", "1"));
  names(facts, {"single-0", "finds /dev/nvidia1, which it was not given",
                "was given to pod plumbline/single-1"});
}

TEST_CASE("X04: a given GPU that lacks inside a pod, or does not open, is named") {
  Facts facts = inside_facts();
  inside(facts, "single-0").nodes.clear();
  names(facts, {"single-0", "lacks /dev/nvidia0"});
  facts = inside_facts();
  inside(facts, "single-0").nodes[0].opens = false;
  inside(facts, "single-0").nodes[0].problem = "Operation not permitted";
  names(facts, {"single-0", "/dev/nvidia0", "Operation not permitted"});
}

TEST_CASE("X04: a pod that asked for no device and finds one is named with the node file") {
  Facts facts = inside_facts();
  inside(facts, "bare-0").nodes = {device_node("gpu", "/dev/nvidia2", "2")};
  names(facts, {"bare-0", "which asked for no device", "/dev/nvidia2"});
  inside(facts, "bare-0").nodes = {device_node("rdma", "/dev/infiniband/uverbs1", "mlx5_1")};
  names(facts, {"bare-0", "/dev/infiniband/uverbs1 (mlx5_1)"});
  inside(facts, "bare-0").nodes = {
      device_node("imex_channel", "/dev/nvidia-caps-imex-channels/channel0", "0")};
  names(facts, {"bare-0", "/dev/nvidia-caps-imex-channels/channel0"});
}

TEST_CASE("X04: what the driver tells inside counts beside the device nodes") {
  Facts facts = inside_facts();
  auto& gpus = told(facts, "single-1").topology->gpus->gpus;
  gpus.push_back(gpus.front());
  gpus.back().uuid = "GPU-3";
  names(facts, {"single-1", "finds GPU-3, which it was not given"});
  gpus = {gpus.back()};
  names(facts, {"single-1", "GPU-3 in place of GPU-1"});
}

TEST_CASE("X04: a variable that tells of another NIC than the kubelet is named with both") {
  Facts facts = inside_facts();
  auto& variable = inside(facts, "gang-0").environment["PCIDEVICE_EXAMPLE_COM_NIC"];
  variable = "0000:01:00.0,0000:03:00.0";
  names(facts, {"gang-0", "0000:03:00.0 in place of 0000:02:00.0", "PCIDEVICE_EXAMPLE_COM_NIC"});
  variable = "0000:01:00.0";
  names(facts, {"gang-0", "lacks 0000:02:00.0"});
  inside(facts, "gang-0").environment.clear();
  CHECK(all_match(x04_inside(facts)));
  inside(facts, "bare-0").environment["PCIDEVICE_EXAMPLE_COM_NIC"] = "0000:01:00.0";
  names(facts, {"bare-0", "0000:01:00.0", "PCIDEVICE_EXAMPLE_COM_NIC"});
  inside(facts, "bare-0").environment = {{"PCIDEVICE_EXAMPLE_COM_NIC_INFO", "{}"}};
  CHECK(all_match(x04_inside(facts)));
  inside(facts, "single-0").environment["NVIDIA_VISIBLE_DEVICES"] = "GPU-2";
  names(facts, {"single-0", "GPU-2 in place of GPU-0"});
}

TEST_CASE("X04: an interface that lacks in a pod is named; in the node's network all are there") {
  Facts facts = inside_facts();
  auto& there = told(facts, "gang-0").topology->network_devices;
  const auto whole = there;
  // The pod's network is its own: its NICs are not on the node any more.
  facts.nodes[0].topology->network_devices[0].mac = "02:00:00:00:77:01";
  facts.nodes[0].topology->network_devices[1].mac = "02:00:00:00:77:02";
  there.pop_back();
  names(facts, {"gang-0", "lacks network interface ens2"});
  there = whole;
  there.back().name = "net1";
  CHECK(all_match(x04_inside(facts)));  // renamed
  Facts shared = inside_facts();
  CHECK_THAT(with(x04_inside(shared), Verdict::match)[2].message,
             ContainsSubstring("node's network namespace"));
}

TEST_CASE("X04: an IMEX channel that a claim gave is there and is that one") {
  Facts facts = inside_facts();
  Holding channel = plugin_device("plumbline/single-0", "", "channel-7");
  channel.driver = "compute-domain.nvidia.com";
  channel.pool = "n1";
  told(facts, "single-0").holdings->holdings.push_back(channel);
  names(facts, {"lacks /dev/nvidia-caps-imex-channels/channel7"});
  inside(facts, "single-0")
      .nodes.push_back(device_node("imex_channel", "/dev/nvidia-caps-imex-channels/channel7", "7"));
  CHECK(all_match(x04_inside(facts)));
}

TEST_CASE("X04: where a node does not tell its GPUs' numbers, how many there are must agree") {
  Facts facts = inside_facts();
  facts.nodes[0].topology->gpus.reset();
  told(facts, "single-0").topology->gpus.reset();
  told(facts, "single-1").topology->gpus.reset();
  CHECK(all_match(x04_inside(facts)));
  inside(facts, "single-0").nodes.clear();
  names(facts, {"single-0", "lacks 1 of 1 given device nodes"});
  inside(facts, "single-0").nodes = {device_node("gpu", "/dev/nvidia0", "0"),
                                     device_node("gpu", "/dev/nvidia1", "1")};
  CHECK(with(x04_inside(facts), Verdict::violation).size() == 2);
}

TEST_CASE("X04 is unobservable for a pod that told nothing or of which the kubelet says nothing") {
  Facts facts = inside_facts();
  told(facts, "single-0").topology.reset();
  told(facts, "single-0").topology_problem = "does not answer";
  CHECK_THAT(the_only(x04_inside(facts), Verdict::unobservable).message,
             ContainsSubstring("does not answer"));
  facts = inside_facts();
  told(facts, "single-0").topology->inside.reset();
  the_only(x04_inside(facts), Verdict::unobservable);
  facts = inside_facts();
  told(facts, "single-0").holdings.reset();
  told(facts, "single-0").holdings_problem = "no socket";
  told(facts, "bare-0").holdings.reset();  // it asked for nothing, whoever is silent
  CHECK_THAT(the_only(x04_inside(facts), Verdict::unobservable).message,
             ContainsSubstring("no socket"));
  facts = inside_facts();
  told(facts, "gang-0").holdings->holdings = {
      plugin_device("plumbline/gang-0", "rdma/hca_shared", "17")};
  inside(facts, "gang-0").environment.clear();
  CHECK_THAT(the_only(x04_inside(facts), Verdict::unobservable).next_step,
             ContainsSubstring("by DRA"));
}

TEST_CASE("X04: stand-ins can accuse and are told as what they are") {
  Facts facts = inside_facts();
  inside(facts, "single-0").nodes[0].stand_in = true;
  CHECK_THAT(with(x04_inside(facts), Verdict::match).front().message,
             ContainsSubstring("stand-ins"));
  inside(facts, "bare-0").nodes = {{"/dev/nvidia0", "gpu", "0", "1:3", true, "", true}};
  names(facts, {"bare-0", "/dev/nvidia0"});
}

}  // namespace plumbline::netcheck
