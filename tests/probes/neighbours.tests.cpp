#include "probes/drivers/host/neighbours.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <span>

#include "probes/drivers/host/cloud_place.hpp"
#include "probes/drivers/host/lldp.hpp"
#include "tests/probes/tree.hpp"

using namespace plumbline;
using namespace plumbline::probes;

namespace {

std::string tlv(unsigned type, const std::string& value) {
  const auto head = static_cast<unsigned>((type << 9U) | value.size());
  return std::string{static_cast<char>(head >> 8U), static_cast<char>(head & 255U)} + value;
}

std::string mac_chassis() { return std::string("\x04\x3c\xfd\xfe\x00\x00\x01", 7); }

/// As a switch sends it, from the Ethernet header on.
std::string frame(const std::string& chassis, const std::string& port, char seconds = 120,
                  const std::string& more = {}) {
  const std::string header("\x01\x80\xc2\x00\x00\x0e\x3c\xfd\xfe\x00\x00\x02\x88\xcc", 14);
  return header + tlv(1, chassis) + tlv(2, port) + tlv(3, std::string{'\0', seconds}) + more +
         tlv(0, "");
}

std::string whole() {
  return frame(mac_chassis(),
               "\x05"
               "Ethernet12",
               120, tlv(4, "to node-3") + tlv(5, "leaf-1") + tlv(127, "anything"));
}

auto parsed(const std::string& text) { return parse_lldp(std::as_bytes(std::span(text))); }
auto parsed_file(const std::string& text) {
  return parse_lldp_file(std::as_bytes(std::span(text)));
}

std::string in_file(const std::string& one) {
  std::string text(8, '\0');
  text[0] = static_cast<char>(one.size() & 255U);
  text[1] = static_cast<char>(one.size() >> 8U);
  return text + one;
}

NetworkDevice physical(const std::string& name) {
  NetworkDevice device;
  device.name = name;
  return device;
}

}  // namespace

TEST_CASE("A switch is known by what it says of itself") {
  const auto one = parsed(whole());
  REQUIRE(one);
  CHECK(one->chassis_id == "3c:fd:fe:00:00:01");
  CHECK(one->port_id == "Ethernet12");
  CHECK(one->system_name == "leaf-1");
  CHECK(one->port_description == "to node-3");
  const auto other = parsed(frame(std::string("\x05\x01\x0a\x00\x00\x07", 6), "\x07swp3\x1b[31m"));
  REQUIRE(other);
  CHECK(other->chassis_id == "10.0.0.7");
  CHECK(other->port_id == "swp3?[31m");
  CHECK(other->system_name.empty());
  std::string tagged = whole();
  tagged.insert(12, std::string("\x81\x00\x00\x05", 4));
  CHECK(parsed(tagged).has_value());
}

TEST_CASE("What is no whole LLDP frame is refused with the reason") {
  const std::string good = whole();
  // Up to the three ids nothing can be missing; behind them no TLV may be cut. The end TLV may.
  const std::size_t ids = 14 + 9 + 13 + 4;
  for (std::size_t length = 0; length < ids; ++length)
    CHECK_FALSE(parsed(good.substr(0, length)).has_value());
  CHECK(parsed(good.substr(0, ids)).has_value());
  CHECK_FALSE(parsed(good.substr(0, ids + 5)).has_value());
  CHECK_FALSE(parsed(good.substr(0, good.size() - 5)).has_value());
  std::string other = good;
  other[13] = '\0';
  CHECK(parsed(other).error().message.find("another Ethernet type") != std::string::npos);
  const std::string header = good.substr(0, 14);
  CHECK(parsed(header + tlv(2, "\x05x")).error().message.find("chassis") != std::string::npos);
  CHECK(parsed(header + tlv(1, mac_chassis()) + tlv(3, "ab")).error().message.find("port id") !=
        std::string::npos);
  CHECK(parsed(header + tlv(1, "\x04")).error().message.find("chassis") != std::string::npos);
  const auto gone = parsed(frame(mac_chassis(), "\x05x", '\0'));
  REQUIRE_FALSE(gone);
  CHECK(gone.error().code == ErrorCode::not_found);
}

TEST_CASE("networkd's file gives every neighbour that has not gone, and no half one") {
  const auto two = parsed_file(in_file(whole()) + in_file(frame(mac_chassis(), "\x05y")));
  REQUIRE(two);
  REQUIRE(two->size() == 2);
  CHECK((*two)[1].port_id == "y");
  const auto left = parsed_file(in_file(frame(mac_chassis(), "\x05y", '\0')));
  REQUIRE(left);
  CHECK(left->empty());
  CHECK(parsed_file("").value().empty());
  for (const std::string& bad : {std::string("abc"), std::string(8, '\xff') + whole(),
                                 in_file(whole()).substr(0, 40), in_file("no frame")})
    CHECK_FALSE(parsed_file(bad).has_value());
  std::string many;
  for (int count = 0; count < 257; ++count)
    many += in_file(whole());
  CHECK_FALSE(parsed_file(many).has_value());
}

TEST_CASE("Each NIC has its neighbour from networkd's file, or the reason why none is known") {
  const Tree tree;
  tree.file("sys/class/net/ens1/ifindex", "3");
  tree.file("sys/class/net/ens2/ifindex", "4");
  tree.file("sys/class/net/ens3/ifindex", "5");
  tree.file("sys/class/net/veth0/ifindex", "6");
  tree.directory("run/systemd/netif/lldp");
  std::ofstream(tree.root() / "run/systemd/netif/lldp/3", std::ios::binary) << in_file(whole());
  std::ofstream(tree.root() / "run/systemd/netif/lldp/5", std::ios::binary) << "torn";
  std::vector<NetworkDevice> devices{physical("ens1"), physical("ens2"), physical("ens3"),
                                     physical("ens4"), physical("veth0")};
  devices[4].is_virtual = true;
  add_neighbours(FileTree(tree.root()), {}, devices);
  REQUIRE(devices[0].neighbours.size() == 1);
  CHECK(devices[0].neighbours[0].source == "/run/systemd/netif/lldp/3");
  CHECK(devices[0].neighbours_unknown.empty());
  CHECK(devices[1].neighbours_unknown ==
        "systemd-networkd keeps none (no /run/systemd/netif/lldp/4); nobody listened");
  CHECK(devices[2].neighbours.empty());
  CHECK(devices[2].neighbours_unknown.find("has no length") != std::string::npos);
  CHECK(devices[3].neighbours_unknown == "its interface index is not told");
  CHECK(devices[4].neighbours_unknown.empty());
}

TEST_CASE("A cloud's file tells the place and nothing else of the machine") {
  const auto place = parse_instance_data(
      R"({"v1": {"cloud_name": "aws", "region": "eu-1", "availability_zone": "eu-1a",
                 "local_hostname": "secret", "instance_id": "i-1"},
          "ds": {"meta_data": {"placement": {"partition-number": 3, "group-name": "g",
                                             "nested": {}}, "public-keys": "no"}}})");
  REQUIRE(place);
  CHECK(place->facts == std::map<std::string, std::string>{{"cloud_name", "aws"},
                                                           {"region", "eu-1"},
                                                           {"availability_zone", "eu-1a"},
                                                           {"instance_id", "i-1"},
                                                           {"placement.partition-number", "3"},
                                                           {"placement.group-name", "g"}});
  for (const char* bad : {"", "[]", "{", "{}", R"({"v1": 7, "ds": {"meta_data": []}})"})
    CHECK_FALSE(parse_instance_data(bad).has_value());
  const Tree tree;
  std::vector<std::string> problems;
  CHECK_FALSE(read_cloud_place(FileTree(tree.root()), problems));
  CHECK(problems.empty());
  tree.file("run/cloud-init/instance-data.json", "{}");
  CHECK_FALSE(read_cloud_place(FileTree(tree.root()), problems));
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].find("tells nothing") != std::string::npos);
}
