#include "core/protocol/mpi_daemon.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace plumbline {
namespace {

constexpr std::size_t kDigitsMost = 10;
constexpr std::size_t kNodesMost = 8192;
constexpr std::size_t kAddressesMost = 16;

struct Field {
  const char* option;  ///< in a request
  const char* setting;
  std::string MpiDaemon::*value;
};
constexpr std::array<Field, 5> kFields{{{"job", "ess_base_jobid", &MpiDaemon::job},
                                        {"daemon", "ess_base_vpid", &MpiDaemon::number},
                                        {"daemons", "ess_base_num_procs", &MpiDaemon::daemons},
                                        {"nodes", "orte_node_regex", &MpiDaemon::nodes},
                                        {"launcher", "orte_hnp_uri", &MpiDaemon::launcher}}};

bool digits(std::string_view text) {
  return !text.empty() && text.size() <= kDigitsMost &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool ipv4(const std::string& text) {
  in_addr address{};
  return ::inet_pton(AF_INET, text.c_str(), &address) == 1;
}

bool node_names(std::string_view text) {
  return !text.empty() && text.size() <= kNodesMost && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), [](char letter) {
           return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                  (letter >= '0' && letter <= '9') ||
                  std::string_view(".,-_[]:@()").find(letter) != std::string_view::npos;
         });
}

/// "JOB.0;tcp://ADDRESS,ADDRESS:7452".
bool launcher_of(const std::string& text, const std::string& job) {
  const std::string head = job + ".0;tcp://";
  const std::string tail = ":" + std::to_string(kMpiLaunchPort);
  if (!text.starts_with(head) || !text.ends_with(tail)) return false;
  if (text.size() < head.size() + tail.size()) return false;
  std::string rest = text.substr(head.size(), text.size() - head.size() - tail.size()) + ",";
  for (std::size_t count = 0; !rest.empty(); ++count) {
    const std::size_t comma = rest.find(',');
    if (count == kAddressesMost || !ipv4(rest.substr(0, comma))) return false;
    rest = rest.substr(comma + 1);
  }
  return true;
}

tl::unexpected<Error> refuse(const std::string& text) {
  return fail(ErrorCode::invalid_input, text);
}

Status check(const MpiDaemon& daemon) {
  for (const Field& field : kFields) {
    const std::string& value = daemon.*field.value;
    if (value.empty()) return refuse("\"" + std::string(field.option) + "\" is missing");
    const bool number = field.value != &MpiDaemon::nodes && field.value != &MpiDaemon::launcher;
    if (number && !digits(value))
      return refuse("\"" + std::string(field.option) + "\" is no number");
  }
  if (!node_names(daemon.nodes)) return refuse("\"nodes\" is no list of nodes of Open MPI's");
  if (!launcher_of(daemon.launcher, daemon.job))
    return refuse("\"launcher\" must be JOB.0;tcp://IPV4[,IPV4...]:" +
                  std::to_string(kMpiLaunchPort));
  return {};
}

std::string unquoted(const std::string& word) {
  const bool quoted = word.size() >= 2 && word.front() == '"' && word.back() == '"';
  return quoted ? word.substr(1, word.size() - 2) : word;
}

std::string trimmed(const std::string& word) {
  const std::size_t first = word.find_first_not_of(' ');
  return first == std::string::npos ? "" : word.substr(first);
}

}  // namespace

Result<MpiDaemon> read_daemon_words(const std::vector<std::string>& words) {
  if (words.empty() || trimmed(words.front()) != "orted")
    return refuse("mpirun wants a pod to run something else than orted");
  MpiDaemon daemon;
  for (std::size_t at = 1; at + 2 < words.size(); ++at) {
    if (words[at] != "-mca" && words[at] != "--mca") continue;
    for (const Field& field : kFields) {
      if (words[at + 1] == field.setting) daemon.*field.value = unquoted(words[at + 2]);
    }
    at += 2;
  }
  if (auto sound = check(daemon); !sound) return pass_up(sound.error(), "mpirun's words for orted");
  return daemon;
}

std::map<std::string, std::string> daemon_options(const MpiDaemon& daemon,
                                                  const std::string& address) {
  std::map<std::string, std::string> options{{"address", address}};
  for (const Field& field : kFields)
    options[field.option] = daemon.*field.value;
  return options;
}

Result<ChildCommand> daemon_command(const Request& request) {
  MpiDaemon daemon;
  std::string address;
  for (const auto& [name, value] : request.options) {
    const auto* const field = std::find_if(kFields.begin(), kFields.end(),
                                           [&](const Field& one) { return name == one.option; });
    if (field == kFields.end() && name != "address")
      return refuse("request.options: \"" + name + "\" is no option of " + kMpiDaemon);
    (field == kFields.end() ? address : daemon.*field->value) = value;
  }
  if (auto sound = check(daemon); !sound) return pass_up(sound.error(), "request.options");
  if (!ipv4(address)) return refuse("request.options: \"address\" must be an IPv4 address");
  const std::string ports =
      std::to_string(kMpiDaemonPorts) + "-" + std::to_string(kMpiDaemonPorts + kMpiPortCount - 1);
  ChildCommand command;
  command.program = "orted";
  const auto set = [&](const char* name, const std::string& value) {
    command.arguments.insert(command.arguments.end(), {"-mca", name, value});
  };
  set("ess", "env");
  for (const Field& field : kFields)
    set(field.setting, daemon.*field.value);
  set("orte_leave_session_attached", "1");
  set("oob_tcp_if_include", address + "/32");
  set("oob_tcp_dynamic_ipv4_ports", ports);
  set("routed", "direct");
  set("hwloc_base_binding_policy", "none");
  set("pmix", "^s1,s2,cray,isolated");
  command.environment = environment_of({"PATH", "HOME", "TMPDIR", "LANG", "LD_LIBRARY_PATH",
                                        "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"});
  return command;
}

}  // namespace plumbline
