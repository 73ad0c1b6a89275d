#include "agent/command/nvidia.hpp"

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>

using namespace plumbline;
using namespace plumbline::agent;

namespace {

/// A root with PCI functions, removed with it.
class Root {
 public:
  Root() {
    std::string name = (std::filesystem::temp_directory_path() / "plumbline-pci-XXXXXX").string();
    root_ = mkdtemp(name.data());
  }
  ~Root() { std::filesystem::remove_all(root_); }
  Root(const Root&) = delete;
  Root& operator=(const Root&) = delete;
  void function(const std::string& address, const std::string& vendor,
                const std::string& kind) const {
    const auto place = root_ / "sys/bus/pci/devices" / address;
    std::filesystem::create_directories(place);
    std::ofstream(place / "vendor") << vendor << "\n";
    std::ofstream(place / "class") << kind << "\n";
  }
  std::size_t count() const { return count_nvidia_gpus(FileTree(root_)); }

 private:
  std::filesystem::path root_;
};

}  // namespace

TEST_CASE("NVIDIA GPUs are counted by vendor and class, with or without a driver") {
  const Root root;
  CHECK(root.count() == 0);
  root.function("0000:00:02.0", "0x8086", "0x030000");  // another vendor's display
  root.function("0000:01:00.0", "0x10de", "0x068000");  // an NVSwitch
  root.function("0000:02:00.1", "0x10de", "0x040300");  // a card's audio function
  CHECK(root.count() == 0);
  root.function("0000:1b:00.0", "0x10de", "0x030200");
  root.function("0000:43:00.0", "0x10de", "0x030000");
  root.function("0000:44:00.0", "0x10de", "not a number");
  CHECK(root.count() == 2);
}
