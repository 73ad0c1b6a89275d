#include "probes/drivers/host/sandboxes.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <thread>

#include "core/files.hpp"
#include "probes/drivers/host/links.hpp"
#include "probes/drivers/host/nics.hpp"

namespace plumbline::probes {

namespace {

constexpr std::size_t kMostBytes = 1U << 20U;
constexpr std::size_t kMostFiles = 4096;

bool is_number(const std::string& word) {
  return !word.empty() && word.size() <= 10 &&
         word.find_first_not_of("0123456789") == std::string::npos;
}

/// "/run/netns/x" for a path that is taken; empty otherwise.
std::string named_namespace(std::string path) {
  if (path.rfind("/var/run/", 0) == 0) path.erase(0, 4);
  static const std::string front = "/run/netns/";
  if (path.rfind(front, 0) != 0) return {};
  const std::string name = path.substr(front.size());
  const bool good = !name.empty() && name.size() <= 255 && name.find('/') == std::string::npos &&
                    name != "." && name != "..";
  return good ? path : std::string{};
}

bool is_process_namespace(const std::string& path) {
  static const std::string front = "/proc/";
  static const std::string end = "/ns/net";
  return path.size() > front.size() + end.size() && path.rfind(front, 0) == 0 &&
         path.compare(path.size() - end.size(), end.size(), end) == 0 &&
         is_number(path.substr(front.size(), path.size() - front.size() - end.size()));
}

int open_without_links(const std::string& path) {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW;
  how.resolve = RESOLVE_NO_SYMLINKS;
  return static_cast<int>(syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how));
}

Status check_namespace(int descriptor, const std::string& path) {
  struct statfs system {};
  if (fstatfs(descriptor, &system) != 0) return fail_errno(errno, "looking at " + path);
  if (system.f_type != NSFS_MAGIC || ioctl(descriptor, NS_GET_NSTYPE) != CLONE_NEWNET) {
    return fail(ErrorCode::invalid_input, path + " is not a network namespace");
  }
  struct stat theirs {};
  struct stat ours {};
  if (fstat(descriptor, &theirs) == 0 && stat("/proc/self/ns/net", &ours) == 0 &&
      theirs.st_ino == ours.st_ino) {
    return fail(ErrorCode::conflict, path + " is this node's own network namespace");
  }
  return {};
}

Result<std::vector<NetworkDevice>> enter_and_list(int descriptor, const std::string& path,
                                                  Deadline deadline) {
  if (setns(descriptor, CLONE_NEWNET) != 0) return fail_errno(errno, "entering " + path);
  const auto links = read_links(deadline);
  if (!links) return pass_up(links.error(), "in " + path);
  std::vector<NetworkDevice> devices;
  for (const Link& link : *links) {
    if (!link.loopback) devices.push_back(device_of(link));
  }
  return devices;
}

PodSandbox look_into(const CachedResult& cached, const std::string& source, Deadline deadline) {
  PodSandbox pod;
  pod.pod_namespace = cached.pod_namespace;
  pod.pod_name = cached.pod_name;
  pod.pod_uid = cached.pod_uid;
  pod.source = source;
  auto devices = devices_in_sandbox(cached.sandbox, deadline);
  if (devices) {
    pod.devices = std::move(*devices);
  } else {
    pod.problem = devices.error().message;
  }
  return pod;
}

std::vector<std::filesystem::path> files_in(const std::filesystem::path& directory,
                                            std::vector<std::string>& problems) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored) && !entry->is_symlink(ignored))
      files.push_back(entry->path());
    if (files.size() < kMostFiles) continue;
    problems.push_back("CNI results: only the first " + std::to_string(kMostFiles) + " files of " +
                       directory.string() + " were read");
    break;
  }
  if (error) problems.push_back("CNI results: " + directory.string() + ": " + error.message());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Result<int> open_sandbox(const std::string& path) {
  const std::string named = named_namespace(path);
  if (named.empty() && !is_process_namespace(path)) {
    return fail(ErrorCode::invalid_input, "a pod's network namespace is not entered by the path '" +
                                              path.substr(0, 100) + "'");
  }
  // The last part of /proc/<pid>/ns/net is a link of the kernel's own making.
  const int descriptor =
      named.empty() ? open(path.c_str(), O_RDONLY | O_CLOEXEC) : open_without_links(named);
  if (descriptor < 0) return fail_errno(errno, "opening " + path);
  if (auto good = check_namespace(descriptor, path); !good) {
    close(descriptor);
    return tl::unexpected(good.error());
  }
  return descriptor;
}

Result<std::vector<NetworkDevice>> devices_in_sandbox(const std::string& path, Deadline deadline) {
  const auto descriptor = open_sandbox(path);
  if (!descriptor) return tl::unexpected(descriptor.error());
  Result<std::vector<NetworkDevice>> devices = fail(ErrorCode::internal, "not looked at");
  // A thread of its own: the namespace it enters ends with it.
  std::thread visitor([&] { devices = enter_and_list(*descriptor, path, deadline); });
  visitor.join();
  close(*descriptor);
  return devices;
}

std::vector<PodSandbox> read_sandboxes(const std::filesystem::path& directory, Deadline deadline,
                                       std::vector<std::string>& problems) {
  std::vector<PodSandbox> pods;
  std::set<std::string> seen;
  for (const auto& file : files_in(directory, problems)) {
    const auto text = read_file(file, kMostBytes);
    const auto cached =
        text.and_then([](const std::string& all) { return parse_cached_result(all); });
    if (!cached) {
      problems.push_back("CNI results: " + file.string() + ": " + cached.error().message);
      continue;
    }
    // A pod with several networks has a file for each; its namespace is one.
    if (!seen.insert(cached->pod_uid + " " + cached->pod_namespace + "/" + cached->pod_name + " " +
                     cached->sandbox)
             .second)
      continue;
    pods.push_back(look_into(*cached, file.string(), deadline));
  }
  return pods;
}

}  // namespace plumbline::probes
