#include <catch2/catch_test_macros.hpp>

#include "probes/drivers/host/pci_names.hpp"
#include "tests/probes/tree.hpp"

using namespace plumbline;
using namespace plumbline::probes;

namespace {

const char* const kList =
    "# comment\n"
    "10de  NVIDIA Corporation\n"
    "\t2330  GH100 [H100 SXM5 80GB]\n"
    "\t\t10de 16c1  a subsystem\n"
    "15b3  Mellanox Technologies\n"
    "\t1021  MT2910 Family [ConnectX-7]\n"
    "C 01  Mass storage controller\n"
    "\t00  SCSI storage controller\n";

}  // namespace

TEST_CASE("PCI functions are named by vendor and device, or by the vendor alone") {
  const auto names =
      pci_names(kList, {{"0x10de", "0x2330"}, {"0x15b3", "0xffff"}, {"0x1af4", "0x1041"}});
  CHECK(names.size() == 2);
  CHECK(names.at({"0x10de", "0x2330"}) == "NVIDIA Corporation GH100 [H100 SXM5 80GB]");
  CHECK(names.at({"0x15b3", "0xffff"}) == "Mellanox Technologies");
}

TEST_CASE("A list of another form names nothing") {
  for (const char* text : {"", "\n\n", "10de", "10de NVIDIA\n", "\t2330  no vendor above\n",
                           "10DE  upper case\n", "C 03  Display controller\n10de  too late\n"}) {
    CHECK(pci_names(text, {{"0x10de", "0x2330"}}).empty());
  }
}

TEST_CASE("Names come from the system's list, and a name that is known stays") {
  const Tree tree;
  tree.file("usr/share/misc/pci.ids", kList);
  std::vector<PciDevice> devices(2);
  devices[0].vendor = devices[1].vendor = "0x10de";
  devices[0].device = devices[1].device = "0x2330";
  devices[1].name = "known";
  add_pci_names(FileTree(tree.root()), devices);
  CHECK(devices[0].name == "NVIDIA Corporation GH100 [H100 SXM5 80GB]");
  CHECK(devices[1].name == "known");
  devices[0].name.clear();
  add_pci_names(FileTree(tree.root() / "nowhere"), devices);
  CHECK(devices[0].name.empty());
}
