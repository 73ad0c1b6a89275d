#include "probes/drivers/host/inside.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <sstream>
#include <string_view>

#include "core/child.hpp"
#include "probes/drivers/host/tree_machine.hpp"

namespace plumbline::probes {
namespace {

constexpr std::size_t kMostNodes = 4096;
constexpr std::size_t kMostValue = 4096;

/// Where one kind of node is: DIRECTORY/PREFIX<number>, by one of these drivers' numbers.
struct Kind {
  const char* kind;
  const char* directory;
  std::string_view prefix;
  std::array<const char*, 2> drivers;
};

// nvidia-frontend was the driver's name before 560; 195 is its fixed number in both.
constexpr std::array<Kind, 3> kKinds{{
    {"gpu", "dev", "nvidia", {"nvidia", "nvidia-frontend"}},
    {"imex_channel",
     "dev/nvidia-caps-imex-channels",
     "channel",
     {"nvidia-caps-imex-channels", "nvidia-caps-imex-channels"}},
    {"rdma", "dev/infiniband", "uverbs", {"infiniband_verbs", "infiniband_verbs"}},
}};

/// The number behind the prefix, as text; empty when the name is another.
std::string number_of(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return {};
  const std::string_view rest = name.substr(prefix.size());
  const bool digits =
      !rest.empty() && rest.size() < 10 &&
      std::all_of(rest.begin(), rest.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits ? std::string(rest) : std::string();
}

void try_to_open(const std::string& path, DeviceNode& node) {
  const int opened = open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
  node.opens = opened >= 0;
  if (opened < 0) {
    node.problem = std::strerror(errno);
  } else {
    close(opened);
  }
}

DeviceNode look_at(const FileTree& root, const Kind& kind, const std::string& name,
                   const std::string& devices) {
  const std::string below = std::string(kind.directory) + "/" + name;
  const std::string path = (root.root() / below).string();
  DeviceNode node;
  node.path = "/" + below;
  node.kind = kind.kind;
  node.device = number_of(name, kind.prefix);
  struct stat status {};
  const bool there = lstat(path.c_str(), &status) == 0;
  if (there && S_ISCHR(status.st_mode)) {
    node.number =
        std::to_string(major(status.st_rdev)) + ":" + std::to_string(minor(status.st_rdev));
  }
  const int number = node.number.empty() ? -2 : static_cast<int>(major(status.st_rdev));
  node.stand_in = std::none_of(kind.drivers.begin(), kind.drivers.end(), [&](const char* driver) {
    return major_of(devices, driver) == number;
  });
  if (std::string_view(kind.kind) == "rdma") {
    // A number says nothing; without the class there is no name.
    node.device = root.read("sys/class/infiniband_verbs/" + name + "/ibdev").value_or("");
  }
  try_to_open(path, node);
  return node;
}

void add_nodes(const FileTree& root, const Kind& kind, const std::string& devices,
               InsideView& inside) {
  if (!root.exists(kind.directory)) return;
  const auto names = root.list(kind.directory);
  if (!names) {
    inside.problems.push_back("/" + std::string(kind.directory) + ": " + names.error().message);
    return;
  }
  for (const std::string& name : *names) {
    if (number_of(name, kind.prefix).empty()) continue;
    if (inside.nodes.size() == kMostNodes) {
      inside.problems.push_back("more than " + std::to_string(kMostNodes) + " device nodes");
      return;
    }
    inside.nodes.push_back(look_at(root, kind, name, devices));
  }
}

void add_environment(InsideView& inside) {
  for (const std::string& text :
       environment_of({"NVIDIA_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES"}, {"PCIDEVICE_"})) {
    const auto equals = text.find('=');
    if (equals == std::string::npos) continue;
    inside.environment.emplace(text.substr(0, equals), text.substr(equals + 1, kMostValue));
  }
}

void add_limits(const FileTree& root, InsideView& inside) {
  const auto status = root.read("proc/self/status");
  if (!status) {
    inside.problems.push_back("/proc/self/status: " + status.error().message);
    return;
  }
  std::istringstream lines(*status);
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    const auto begin = line.find_first_not_of(" \t", colon + 1);
    const std::string value = begin == std::string::npos ? "" : line.substr(begin);
    if (line.starts_with("Cpus_allowed_list:")) inside.cpus = parse_cpu_list(value);
    if (line.starts_with("Mems_allowed_list:")) inside.memory_nodes = parse_cpu_list(value);
  }
}

}  // namespace

int major_of(const std::string& devices, const std::string& driver) {
  std::istringstream lines(devices);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("Block devices")) break;
    std::istringstream words(line);
    int number = 0;
    std::string name;
    if (words >> number >> name && name == driver) return number;
  }
  return -1;
}

InsideView look_inside(const FileTree& root) {
  InsideView inside;
  const auto devices = root.read("proc/devices");
  if (!devices) inside.problems.push_back("/proc/devices: " + devices.error().message);
  for (const Kind& kind : kKinds)
    add_nodes(root, kind, devices.value_or(""), inside);
  std::sort(inside.nodes.begin(), inside.nodes.end(),
            [](const DeviceNode& one, const DeviceNode& other) { return one.path < other.path; });
  add_environment(inside);
  add_limits(root, inside);
  return inside;
}

}  // namespace plumbline::probes
