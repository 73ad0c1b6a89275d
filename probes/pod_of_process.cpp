#include "probes/pod_of_process.hpp"

#include <algorithm>
#include <sstream>

namespace plumbline::probes {

namespace {

constexpr std::size_t kUid = 36;     ///< with its four dashes
constexpr std::size_t kDigest = 32;  ///< of a static pod: what its file hashes to

bool is_hex(char letter) {
  return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f');
}

/// The longest uid at the front of the text; empty for none.
std::string uid_at(const std::string& text) {
  std::string uid = text.substr(0, kUid);
  std::replace(uid.begin(), uid.end(), '_', '-');
  const auto digits = [](const std::string& word) {
    return static_cast<std::size_t>(std::count_if(word.begin(), word.end(), is_hex));
  };
  const bool dashes = uid.size() == kUid && uid[8] == '-' && uid[13] == '-' && uid[18] == '-' &&
                      uid[23] == '-' && digits(uid) == kDigest;
  if (dashes) return uid;
  uid.resize(std::min(uid.size(), kDigest));
  return uid.size() == kDigest && digits(uid) == kDigest ? uid : std::string{};
}

}  // namespace

std::string pod_uid_in(const std::string& cgroup) {
  std::istringstream lines(cgroup);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("kubepods") == std::string::npos) continue;
    for (auto at = line.find("pod"); at != std::string::npos; at = line.find("pod", at + 3)) {
      const bool begins = at > 0 && (line[at - 1] == '/' || line[at - 1] == '-');
      if (!begins) continue;
      const std::string uid = uid_at(line.substr(at + 3));
      if (!uid.empty()) return uid;
    }
  }
  return {};
}

std::string pod_of_process(const FileTree& root, std::uint32_t pid) {
  const auto text = root.read("proc/" + std::to_string(pid) + "/cgroup");
  return text ? pod_uid_in(*text) : std::string{};
}

}  // namespace plumbline::probes
