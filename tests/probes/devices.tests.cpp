#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "probes/drivers/host/links.hpp"
#include "probes/drivers/host/netlink.hpp"
#include "probes/drivers/host/nics.hpp"
#include "tests/probes/tree.hpp"

using namespace plumbline;
using namespace plumbline::probes;

namespace {

const std::string kFunction = "sys/devices/pci0000:80/0000:80:01.0/0000:81:00.0";

/// A ConnectX at 200 Gb/s behind a bridge, with an RDMA device.
void add_mlx5(const Tree& tree) {
  const std::string nic = kFunction + "/net/ens1";
  tree.file(nic + "/address", "0c:42:a1:00:00:01");
  tree.file(nic + "/mtu", "9000");
  tree.file(nic + "/operstate", "up");
  tree.file(nic + "/type", "1");
  tree.file(nic + "/speed", "200000");
  tree.file(nic + "/carrier_down_count", "3");
  tree.file(kFunction + "/numa_node", "1");
  tree.file(kFunction + "/current_link_speed", "16.0 GT/s PCIe");
  tree.file(kFunction + "/current_link_width", "8");
  tree.file(kFunction + "/max_link_speed", "32.0 GT/s PCIe");
  tree.file(kFunction + "/max_link_width", "16");
  tree.directory(kFunction + "/infiniband/mlx5_0");
  tree.directory("sys/bus/pci/drivers/mlx5_core");
  tree.link(kFunction + "/driver", "../../../../bus/pci/drivers/mlx5_core");
  tree.link(nic + "/device", "../../../0000:81:00.0");
  tree.link("sys/bus/pci/devices/0000:81:00.0",
            "../../../devices/pci0000:80/0000:80:01.0/0000:81:00.0");
  tree.link("sys/class/net/ens1", "../../devices/pci0000:80/0000:80:01.0/0000:81:00.0/net/ens1");
}

void add_veth(const Tree& tree) {
  const std::string nic = "sys/devices/virtual/net/veth0";
  tree.file(nic + "/address", "02:00:00:00:00:01");
  tree.file(nic + "/mtu", "1500");
  tree.file(nic + "/operstate", "lowerlayerdown");
  tree.file(nic + "/type", "1");
  tree.file(nic + "/speed", "10000");
  tree.link("sys/class/net/veth0", "../../devices/virtual/net/veth0");
  tree.file("sys/class/infiniband/rxe0/ports/1/gid_attrs/ndevs/0", "veth0");
}

std::vector<NetworkDevice> nics_of(const Tree& tree) {
  std::vector<std::string> problems;
  return read_nics(FileTree(tree.root()), Deadline::never(), problems);
}

/// Readings one after another, 20 ms apart on the test's clock; the last again and again.
struct Readings {
  std::vector<std::vector<Link>> all;
  std::size_t asked = 0;
  ManualClock clock;
  Result<std::vector<Link>> settled(Deadline deadline = Deadline::never()) {
    return settled_links(
        [this]() -> Result<std::vector<Link>> { return all[std::min(asked++, all.size() - 1)]; },
        clock, deadline);
  }
};

Link ens1(bool running, std::uint64_t downs) {
  Link link;
  link.index = 2;
  link.name = "ens1";
  link.kind = "veth";
  link.enabled = true;
  link.running = running;
  link.carrier_downs = downs;
  link.state = running ? "up" : "lowerlayerdown";
  return link;
}

}  // namespace

TEST_CASE("A PCI network device is read whole") {
  const Tree tree;
  add_mlx5(tree);
  const auto nics = nics_of(tree);
  REQUIRE(nics.size() == 1);
  const NetworkDevice& nic = nics[0];
  CHECK(nic.name == "ens1");
  CHECK(nic.mac == "0c:42:a1:00:00:01");
  CHECK(nic.mtu == 9000);
  CHECK(nic.state == "up");
  CHECK(nic.carrier_downs == 3);
  CHECK(nic.driver == "mlx5_core");
  CHECK_FALSE(nic.is_virtual);
  CHECK(nic.link_rate == bits_per_second(200e9));
  CHECK(nic.pci_address == "0000:81:00.0");
  CHECK(nic.pcie_root == "pci0000:80");
  CHECK(nic.numa == 1);
  CHECK(nic.rdma_device == "mlx5_0");
}

TEST_CASE("A virtual device's speed is no rate") {
  const Tree tree;
  add_veth(tree);
  const auto nics = nics_of(tree);
  REQUIRE(nics.size() == 1);
  CHECK(nics[0].is_virtual);
  CHECK_FALSE(nics[0].link_rate);
  CHECK_FALSE(nics[0].numa);
  CHECK_FALSE(nics[0].pci_address);
  CHECK(nics[0].state == "lowerlayerdown");
  CHECK(nics[0].rdma_device == "rxe0");
}

TEST_CASE("A speed of -1 and a NUMA node of -1 are absent") {
  const Tree tree;
  add_mlx5(tree);
  tree.file(kFunction + "/net/ens1/speed", "-1");
  tree.file(kFunction + "/numa_node", "-1");
  const auto nics = nics_of(tree);
  CHECK_FALSE(nics.at(0).link_rate);
  CHECK_FALSE(nics.at(0).numa);
}

TEST_CASE("The loopback and files beside devices are no network devices") {
  const Tree tree;
  tree.file("sys/class/net/lo/type", "772");
  tree.file("sys/class/net/bonding_masters", "");
  CHECK(nics_of(tree).empty());
}

TEST_CASE("A tree without network devices says that it does not know") {
  const Tree tree;
  std::vector<std::string> problems;
  CHECK(read_nics(FileTree(tree.root()), Deadline::never(), problems).empty());
  CHECK(problems.size() == 1);
}

TEST_CASE("A node's root in a container shows what rtnetlink says of the devices that are here") {
  const auto links = read_links(Deadline::never());
  REQUIRE(links);
  const auto own =
      std::find_if(links->begin(), links->end(), [](const Link& link) { return !link.loopback; });
  if (own == links->end()) SKIP("this network namespace has the loopback alone");
  const Tree tree;
  const std::string nic = "sys/class/net/" + own->name;
  tree.file(nic + "/address", own->mac);
  tree.file(nic + "/type", "1");
  tree.file(nic + "/ifindex", std::to_string(own->index));
  const std::string id = "proc/sys/kernel/random/boot_id";
  const std::string here = FileTree("/").read(id).value_or("");

  CHECK_FALSE(is_this_machine(FileTree(tree.root())));
  CHECK(nics_of(tree).at(0).addresses.empty());
  tree.file(id, "another boot");
  CHECK_FALSE(is_this_machine(FileTree(tree.root())));
  tree.file(id, here);
  CHECK(is_this_machine(FileTree(tree.root())));
  CHECK(nics_of(tree).at(0).addresses == own->addresses);
  CHECK(nics_of(tree).at(0).mtu == own->mtu);
  tree.file(nic + "/ifindex", std::to_string(own->index + 1000));  // of another namespace
  CHECK(nics_of(tree).at(0).addresses.empty());
}

TEST_CASE("A PCI link is read now and at most, and unknown stays absent") {
  const Tree tree;
  add_mlx5(tree);
  std::vector<PciDevice> devices(2);
  devices[0].address = "0000:81:00.0";
  devices[1].address = "0000:82:00.0";
  tree.file("sys/bus/pci/devices/0000:82:00.0/current_link_speed", "Unknown");
  tree.file("sys/bus/pci/devices/0000:82:00.0/current_link_width", "0");
  tree.file("sys/bus/pci/devices/0000:82:00.0/max_link_width", "255");
  add_link_state(FileTree(tree.root()), devices);
  CHECK(devices[0].link.gigatransfers == 16.0);
  CHECK(devices[0].link.width == 8);
  CHECK(devices[0].link.most_gigatransfers == 32.0);
  CHECK(devices[0].link.most_width == 16);
  CHECK(devices[0].numa == 1);
  CHECK(devices[0].driver == "mlx5_core");
  CHECK_FALSE(devices[1].link.gigatransfers);
  CHECK_FALSE(devices[1].link.width);
  CHECK_FALSE(devices[1].link.most_width);
  CHECK_FALSE(devices[1].driver);
}

TEST_CASE("The last PCI address of a path is the device's") {
  CHECK(pci_address_in("/sys/devices/pci0000:80/0000:80:01.0/0000:81:00.0/virtio2") ==
        "0000:81:00.0");
  CHECK(pci_address_in("/sys/devices/virtual/net/veth0").empty());
  CHECK(pci_address_in("/sys/0000:81:00.g/0000:8100.0/").empty());
}

TEST_CASE("rtnetlink lists this namespace with its loopback") {
  const auto links = read_links(Deadline::after(std::chrono::seconds(5)));
  REQUIRE(links);
  const auto lo = find_link(*links, "lo");
  REQUIRE(lo);
  CHECK(lo->loopback);
  CHECK(lo->mtu > 0);
  CHECK_FALSE(find_link(*links, "no-such-device"));
}

TEST_CASE("Attributes that do not fit their own length end the list") {
  std::vector<std::byte> bytes(64, std::byte{0xFF});
  CHECK(parse_attributes(bytes).empty());
  for (std::size_t length = 0; length < 8; ++length) {
    CHECK(parse_attributes(std::span(bytes).first(length)).empty());
  }
  bytes.assign(12, std::byte{0});
  bytes[0] = std::byte{8};
  bytes[2] = std::byte{3};
  bytes[4] = std::byte{'x'};
  const auto attributes = parse_attributes(bytes);
  REQUIRE(attributes.size() == 1);
  CHECK(text_of(attributes.at(3)) == "x");
}

TEST_CASE("A link that flaps is up in the inventory, in whatever moment it is taken") {
  Readings readings{{{ens1(false, 57)}, {ens1(false, 57)}, {ens1(true, 57)}}, 0, {}};
  const auto links = readings.settled();
  REQUIRE(links);
  CHECK(links->at(0).running);
  CHECK(links->at(0).state == "up");
  CHECK(links->at(0).carrier_downs == 57);
  CHECK(readings.asked == 3);
}

TEST_CASE("A link that is gone is down in the inventory after a bounded time") {
  Readings readings{{{ens1(false, 1)}}, 0, {}};
  const Moment start = readings.clock.now();
  const auto links = readings.settled();
  REQUIRE(links);
  CHECK_FALSE(links->at(0).running);
  CHECK(readings.clock.now() - start == std::chrono::milliseconds(1500));
  readings.asked = 0;
  CHECK(readings.settled(Deadline::at(readings.clock.now())));
  CHECK(readings.asked == 1);
}

TEST_CASE("Two links that flap by turns are both up, and what vanishes keeps its last word") {
  auto other = [](bool running) {
    Link link = ens1(running, 3);
    link.index = 3;
    link.name = "ens2";
    return link;
  };
  Readings turns{{{ens1(false, 1), other(false)},
                  {ens1(true, 1), other(false)},
                  {ens1(false, 2), other(true)}},
                 0,
                 {}};
  const auto links = turns.settled();
  REQUIRE(links);
  CHECK(links->at(0).running);
  CHECK(links->at(1).running);
  Readings gone{{{ens1(false, 1)}, {}}, 0, {}};
  CHECK(gone.settled().value().size() == 1);
}

TEST_CASE("What has no carrier as a rule is not waited for") {
  Link link = ens1(false, 1);
  SECTION("a port that nobody wants up") { link.enabled = false; }
  SECTION("a port without a cable ever") { link.carrier_downs = 0; }
  SECTION("a bridge without ports") { link.kind = "bridge"; }
  SECTION("a tunnel without a process") { link.kind = "tun"; }
  Readings readings{{{link}}, 0, {}};
  CHECK(readings.settled());
  CHECK(readings.asked == 1);
}

TEST_CASE(
    "An inventory whose links cannot be read says so at once, and later trouble costs nothing") {
  ManualClock clock;
  const auto none = [] {
    return Result<std::vector<Link>>(fail(ErrorCode::internal, "no netlink"));
  };
  CHECK_FALSE(settled_links(none, clock, Deadline::never()));
  int asked = 0;
  const auto once = [&asked]() -> Result<std::vector<Link>> {
    if (asked++ > 0) return fail(ErrorCode::internal, "no netlink");
    return std::vector<Link>{ens1(false, 1)};
  };
  CHECK(settled_links(once, clock, Deadline::never()).value().size() == 1);
}
