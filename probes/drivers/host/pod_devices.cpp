#include "probes/drivers/host/pod_devices.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <map>
#include <memory>
#include <set>
#include <string_view>

#include "probes/pod_of_process.hpp"

namespace plumbline::probes {
namespace {

constexpr const char* kClass = "sys/class/infiniband_verbs";
constexpr std::size_t kMostNodes = 256;
constexpr std::size_t kMostNamespaces = 64;  // containers of one pod

struct CloseFolder {
  void operator()(DIR* folder) const { static_cast<void>(closedir(folder)); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

/// A folder below another, no link on the way; -1 with errno when it cannot be opened.
int open_below(int above, const char* path) {
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  return static_cast<int>(syscall(SYS_openat2, above, path, &how, sizeof how));
}

std::uint32_t process_of(const std::string& name) {
  std::uint32_t pid = 0;
  const auto read = std::from_chars(name.data(), name.data() + name.size(), pid);
  return read.ec == std::errc() && read.ptr == name.data() + name.size() ? pid : 0;
}

/// Processes by the uid of their pod.
std::map<std::string, std::vector<std::uint32_t>> processes_of_pods(const FileTree& root) {
  std::map<std::string, std::vector<std::uint32_t>> processes;
  for (const auto& name : root.list("proc").value_or(std::vector<std::string>{})) {
    const std::uint32_t pid = process_of(name);
    if (pid == 0) continue;
    const std::string uid = pod_of_process(root, pid);
    if (!uid.empty()) processes[uid].push_back(pid);
  }
  return processes;
}

/// The numbers in all mount namespaces of these processes; those that have ended are passed over.
Result<std::vector<dev_t>> numbers_of(const FileTree& root,
                                      const std::vector<std::uint32_t>& processes) {
  std::vector<dev_t> all;
  std::set<std::string> seen;
  for (const std::uint32_t pid : processes) {
    const std::string place = (root.root() / "proc" / std::to_string(pid)).string();
    std::string space(64, '\0');
    const auto length = readlink((place + "/ns/mnt").c_str(), space.data(), space.size());
    if (length < 0 && (errno == ENOENT || errno == ESRCH)) continue;
    if (length < 0) return fail_errno(errno, "looking at the mount namespace of " + place);
    space.resize(static_cast<std::size_t>(length));
    if (!seen.insert(space).second || seen.size() > kMostNamespaces) continue;
    const auto numbers = uverbs_numbers(place + "/root");
    if (!numbers && numbers.error().code == ErrorCode::not_found) continue;
    if (!numbers) return numbers;
    all.insert(all.end(), numbers->begin(), numbers->end());
  }
  if (seen.empty()) return fail(ErrorCode::not_found, "its processes have ended");
  return all;
}

}  // namespace

std::vector<std::string> rdma_devices_of(const FileTree& root, const std::vector<dev_t>& numbers) {
  std::set<std::string> devices;
  for (const auto& node : root.list(kClass).value_or(std::vector<std::string>{})) {
    const std::string base = std::string(kClass) + "/" + node;
    const std::string number = root.read(base + "/dev").value_or("");
    const bool there = std::any_of(numbers.begin(), numbers.end(), [&](dev_t one) {
      return std::to_string(major(one)) + ":" + std::to_string(minor(one)) == number;
    });
    if (there) devices.insert(root.read(base + "/ibdev").value_or(node));
  }
  return {devices.begin(), devices.end()};
}

Result<std::vector<dev_t>> uverbs_numbers(const std::string& place) {
  const int above = open(place.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (above < 0) return fail_errno(errno, "opening " + place);
  const int below = open_below(above, "dev/infiniband");
  const int problem = errno;
  close(above);
  if (below < 0 && (problem == ENOENT || problem == ENOTDIR)) return std::vector<dev_t>{};
  if (below < 0) return fail_errno(problem, "opening dev/infiniband below " + place);
  const Folder folder(fdopendir(below));
  if (!folder) {
    close(below);
    return fail(ErrorCode::internal, "listing dev/infiniband below " + place);
  }
  std::vector<dev_t> numbers;
  std::size_t looked = 0;
  while (const dirent* entry = readdir(folder.get())) {
    if (++looked > kMostNodes) break;
    struct stat node {};
    if (fstatat(dirfd(folder.get()), entry->d_name, &node, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (S_ISCHR(node.st_mode)) numbers.push_back(node.st_rdev);
  }
  return numbers;
}

void add_pod_rdma(const FileTree& root, std::vector<PodSandbox>& pods) {
  const auto nodes = root.list(kClass);
  if (pods.empty() || !nodes || nodes->empty()) return;
  const auto processes = processes_of_pods(root);
  for (PodSandbox& pod : pods) {
    const auto own = processes.find(pod.pod_uid);
    if (pod.pod_uid.empty() || own == processes.end()) {
      pod.rdma_problem = pod.pod_uid.empty()
                             ? "its uid is not told, by which its processes are found"
                             : "no process of it is seen from here (hostPID)";
      continue;
    }
    const auto numbers = numbers_of(root, own->second);
    if (numbers) {
      pod.rdma_devices = rdma_devices_of(root, *numbers);
    } else {
      pod.rdma_problem = numbers.error().message;
    }
  }
}

}  // namespace plumbline::probes
