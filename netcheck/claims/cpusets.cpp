#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "core/files.hpp"
#include "netcheck/claims/kubelet_state.hpp"

namespace plumbline::netcheck::claims {
namespace {

constexpr int kMostGroups = 20'000;
constexpr int kMostDepth = 8;     // of groups below the mount
constexpr int kFindDepth = 3;     // where kubepods may lie: kind nests it in kubelet.slice
constexpr std::size_t kUid = 36;  // "8-4-4-4-12", with '_' under systemd

bool is_group_name(const std::string& name) {
  return name.find('.') == std::string::npos || name.ends_with(".slice") ||
         name.ends_with(".scope");
}

/// The uid in "kubepods-burstable-pod<uid>.slice" or "pod<uid>"; a static pod's is 32 hex digits.
std::string uid_in(std::string name) {
  if (name.ends_with(".slice")) name.resize(name.size() - 6);
  const auto at = name.rfind("pod");
  if (at == std::string::npos || (at > 0 && name[at - 1] != '-')) return {};
  std::string uid = name.substr(at + 3);
  std::replace(uid.begin(), uid.end(), '_', '-');
  return uid.size() == kUid || uid.size() == 32 ? uid : std::string();
}

bool is_hex(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// The container's id in "cri-containerd-<id>.scope", "crio-<id>" or "<id>"; empty for a conmon.
std::string container_in(std::string name) {
  if (name.find("conmon") != std::string::npos) return {};
  if (name.ends_with(".scope")) name.resize(name.size() - 6);
  std::string id = name.substr(name.rfind('-') + 1);
  return id.size() == 64 && is_hex(id) ? id : std::string();
}

class Walk {
 public:
  explicit Walk(const FileTree& tree) : tree_(tree) {}

  /// Looks for groups named kubepods below `path`.
  void find(const std::string& path, int depth) {
    for (const std::string& name : groups(path)) {
      const std::string child = path.empty() ? name : path + "/" + name;
      if (name.find("kubepods") != std::string::npos) {
        found_ = true;
        take(child, "", depth);
      } else if (depth < kFindDepth) {
        find(child, depth + 1);
      }
    }
  }

  Result<std::vector<ContainerCpuset>> done() {
    if (count_ > kMostGroups) return fail(ErrorCode::invalid_input, "more than 20000 cgroups");
    if (!found_) {
      return fail(ErrorCode::not_found, "no cgroup named kubepods below " + tree_.root().string());
    }
    return std::move(cpusets_);
  }

 private:
  std::vector<std::string> groups(const std::string& path) {
    if (++count_ > kMostGroups) return {};
    auto names = tree_.list(path.empty() ? "." : path);
    if (!names) return {};
    std::erase_if(*names, [](const std::string& name) { return !is_group_name(name); });
    return std::move(*names);
  }

  void take(const std::string& path, const std::string& pod, int depth) {
    if (depth > kMostDepth) return;
    for (const std::string& name : groups(path)) {
      const std::string child = path + "/" + name;
      const std::string uid = uid_in(name);
      const std::string container = pod.empty() ? std::string() : container_in(name);
      if (container.empty()) {
        take(child, uid.empty() ? pod : uid, depth + 1);
      } else {
        add(pod, container, child);
      }
    }
  }

  /// The first of the names that the cgroup versions give a list.
  std::optional<std::vector<int>> list(const std::string& path,
                                       const std::array<const char*, 3>& names) const {
    for (const char* const name : names) {
      const auto text = tree_.read(path + "/" + name);
      if (!text) continue;
      auto numbers = parse_cpu_list(*text);
      if (numbers) return std::move(*numbers);
    }
    return std::nullopt;
  }

  void add(const std::string& pod, const std::string& container, const std::string& path) {
    auto cpus = list(path, {"cpuset.cpus.effective", "cpuset.effective_cpus", "cpuset.cpus"});
    const auto nodes =
        list(path, {"cpuset.mems.effective", "cpuset.effective_mems", "cpuset.mems"});
    if (!cpus) return;
    cpusets_.push_back({pod, container, std::move(*cpus), nodes.value_or(std::vector<int>())});
  }

  const FileTree& tree_;
  std::vector<ContainerCpuset> cpusets_;
  int count_ = 0;
  bool found_ = false;
};

}  // namespace

Result<std::vector<ContainerCpuset>> read_cpusets(const std::filesystem::path& root) {
  const FileTree tree(root);
  // v1 has one tree a controller; the cpuset's is the one that counts.
  const FileTree of_v1(root / "cpuset");
  Walk walk(tree.exists("cpuset/cpuset.cpus") ? of_v1 : tree);
  walk.find("", 0);
  return walk.done();
}

}  // namespace plumbline::netcheck::claims
