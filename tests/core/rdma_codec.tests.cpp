#include <catch2/catch_test_macros.hpp>

#include "core/json/codec.hpp"

using namespace plumbline;

namespace {

RdmaPort port() {
  RdmaPort port;
  port.state = "ACTIVE";
  port.physical_state = "LinkUp";
  port.link_layer = "InfiniBand";
  port.rate_text = "400 Gb/sec (4X NDR)";
  port.rate = bits_per_second(400e9);
  port.width = 4;
  port.speed = "NDR";
  port.coding = "256b/257b";
  port.active_mtu = 4096;
  port.lid = 17;
  port.sm_lid = 1;
  port.subnet_manager = "LID 1";
  port.subnet_prefix = "fe80:0000:0000:0000";
  port.gids = {{0, "fe80:0000:0000:0000:0000:0000:0000:0001", "IB/RoCE v1", "", true, "its own"}};
  port.zero_gids = 7;
  port.used_gid = 0;
  port.counters = {{"port_xmit_data", 18446744073709551615ULL}};
  port.hw_counters = {{"out_of_sequence", 3}};
  return port;
}

}  // namespace

TEST_CASE("What is known of RDMA survives the codec, whole") {
  Topology topology;
  RdmaDevice device;
  device.name = "mlx5_0";
  device.driver = "mlx5_core";
  device.netdevs = {"ibs0"};
  device.pci_address = "0000:18:00.0";
  device.numa = 1;
  device.physical = "0000:17:00.0";
  device.access_control = "off";
  device.unusable = "making an RC queue pair: out of memory";
  device.ports = {port()};
  topology.rdma_devices = {device};
  RdmaHost host;
  host.netns_mode = "exclusive";
  host.memlock = 65536;
  host.uverbs = {"/dev/infiniband/uverbs0"};
  host.problems = {"one"};
  topology.rdma_host = host;
  const auto text = json::encode(topology);
  const auto read = json::decode_topology(text);
  REQUIRE(read);
  CHECK(json::encode(*read) == text);
  const auto& back = read->rdma_devices.at(0);
  CHECK(back.unusable == device.unusable);
  CHECK(back.ports.at(0).counters.at("port_xmit_data") == 18446744073709551615ULL);
  CHECK(back.ports.at(0).gids.at(0).used);
  CHECK(read->rdma_host->memlock == 65536);
}

TEST_CASE(
    "Who is at the other end of a cable, and where a cloud says the node is, survive the codec") {
  Topology topology;
  NetworkDevice nic;
  nic.name = "ens1";
  nic.neighbours = {{"3c:fd:fe:00:00:01", "Ethernet12", "leaf-1", "to node-3", "heard on ens1"}};
  NetworkDevice deaf;
  deaf.name = "ens2";
  deaf.neighbours_unknown = "nothing was heard in 1 s";
  topology.network_devices = {nic, deaf};
  PodSandbox pod;
  pod.pod_name = "loader-0";
  pod.pod_namespace = "tenant";
  pod.rdma_devices = std::vector<std::string>{};
  topology.sandboxes = {pod};
  topology.cloud = CloudPlace{"/run/cloud-init/instance-data.json", {{"region", "one"}}};
  const auto text = json::encode(topology);
  const auto read = json::decode_topology(text);
  REQUIRE(read);
  CHECK(json::encode(*read) == text);
  CHECK(read->network_devices.at(0).neighbours.at(0).port_id == "Ethernet12");
  CHECK(read->network_devices.at(1).neighbours_unknown == "nothing was heard in 1 s");
  CHECK(read->sandboxes.at(0).rdma_devices == std::vector<std::string>{});
  CHECK(read->cloud->facts.at("region") == "one");
  CHECK_FALSE(json::decode_topology(
      R"({"network_devices": [{"name": "a", "neighbours": [{"port_id": "b"}]}]})"));
}

TEST_CASE("A topology of before RDMA reads as one without it") {
  const auto read = json::decode_topology(R"({"node": "a"})");
  REQUIRE(read);
  CHECK(read->rdma_devices.empty());
  CHECK_FALSE(read->rdma_host);
}

TEST_CASE("An RDMA device without a name, or with a text for a number, is refused by its field") {
  for (const char* device : {R"({"ports": []})", R"({"name": "a", "ports": [{"number": "x"}]})",
                             R"({"name": "a", "ports": [{"number": 1, "lid": -4}]})"}) {
    const auto read = json::decode_topology(std::string(R"({"rdma_devices": [)") + device + "]}");
    REQUIRE_FALSE(read);
    CHECK(read.error().message.find("rdma_devices[]") != std::string::npos);
  }
}
