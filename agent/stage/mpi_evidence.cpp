#include "agent/stage/mpi_evidence.hpp"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <sstream>

#include "agent/collective/told_runs.hpp"
#include "core/files.hpp"

namespace plumbline::agent {
namespace {

constexpr std::string_view kRankWord = "plumbline-rank-mpi: rank ";
constexpr std::string_view kOtherRankWord = "plumbline-rank: rank ";
constexpr std::size_t kMostComplaints = 4;

std::optional<int> number_at(std::string_view text) {
  int number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc()) return std::nullopt;
  return number;
}

/// The word behind `mark`, or nothing.
std::string word_after(std::string_view line, std::string_view mark) {
  const std::size_t at = line.find(mark);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = line.substr(at + mark.size());
  return std::string(rest.substr(0, rest.find_first_of(" ,.:;)")));
}

std::optional<std::uint64_t> count_after(std::string_view line, std::string_view mark) {
  const std::size_t at = line.rfind(mark);
  if (at == std::string_view::npos) return std::nullopt;
  std::uint64_t count = 0;
  const std::string_view rest = line.substr(at + mark.size());
  const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), count);
  if (read.ec != std::errc()) return std::nullopt;
  return count;
}

/// "; steps untaken 2 unsent 3 to 5 waiting 7", as plumbline-rank ends its last words.
std::optional<StepSign> steps_in(std::string_view line) {
  const std::size_t at = line.rfind("; steps untaken ");
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view text = line.substr(at);
  const auto untaken = count_after(text, "untaken ");
  const auto unsent = count_after(text, " unsent ");
  const auto waiting = count_after(text, " waiting ");
  if (!untaken || !unsent || !waiting) return std::nullopt;
  StepSign sign{static_cast<std::int64_t>(*untaken), static_cast<std::int64_t>(*unsent), -1,
                static_cast<std::int64_t>(*waiting)};
  if (const auto to = count_after(text, " to ")) sign.unsent_to = static_cast<int>(*to);
  return sign;
}

void hear_rank(MpiEvidence& evidence, std::string_view line, std::string_view word) {
  const auto rank = number_at(line.substr(word.size()));
  if (!rank) return;
  if (line.find(" gave up: ") != std::string_view::npos) {
    evidence.told[*rank] = {false, false, count_after(line, "; began "),
                            count_after(line, " ended "), steps_in(line)};
  } else if (line.find(" was stopped: ") == std::string_view::npos &&
             evidence.complaints.size() < kMostComplaints) {
    evidence.complaints.emplace_back(line.substr(word.size() - 5, 400));
  }
}

bool ornament(std::string_view line) {
  return line.find_first_not_of(" -=\t\r") == std::string_view::npos;
}

void hear(MpiEvidence& evidence, const std::string& line) {
  if (ornament(line)) return;
  for (const std::string_view word : {kRankWord, kOtherRankWord}) {
    if (line.starts_with(word)) return hear_rank(evidence, line, word);
  }
  evidence.last_line = line.substr(0, 400);
  const bool died = line.find("noticed that process rank") != std::string::npos;
  const bool lost = line.find("Remote daemon:") != std::string::npos;
  if (!died && !lost) return;
  if (evidence.death.empty()) {
    evidence.death = lost ? "the launcher lost its daemon on " + word_after(line, "on node ")
                          : line.substr(0, 400);
    evidence.dead_node = word_after(line, "on node ");
    if (died) evidence.dead_rank = number_at(word_after(line, "process rank "));
  }
}

std::string name(int rank, const std::vector<std::string>& nodes) {
  const auto index = static_cast<std::size_t>(rank);
  return "rank " + std::to_string(rank) + (index < nodes.size() ? " on " + nodes[index] : "");
}

/// Adds the suspects and why they are it.
void suspect(Failed& failed, const HangCause& cause, const std::vector<std::string>& nodes) {
  std::vector<std::string> names;
  for (const int rank : cause.ranks)
    names.push_back(name(rank, nodes));
  failed.error.message += "; " + cause.because + suspected(names);
  if (cause.ranks.size() == 1) failed.blamed = nodes[static_cast<std::size_t>(cause.ranks.front())];
}

/// The parent of a process out of its /proc/<pid>/stat; the name in it may hold anything.
std::optional<pid_t> parent_of(const FileTree& proc, const std::string& id) {
  const auto text = proc.read(id + "/stat");
  if (!text) return std::nullopt;
  const std::size_t name_end = text->rfind(')');
  if (name_end == std::string::npos || name_end + 4 > text->size()) return std::nullopt;
  return number_at(std::string_view(*text).substr(name_end + 4));
}

/// glibc 2.36 declares pidfd_open() without C linkage, so the call is made by number.
int open_process(pid_t id) { return static_cast<int>(::syscall(SYS_pidfd_open, id, 0)); }

std::multimap<pid_t, pid_t> children_by_parent() {
  const FileTree proc("/proc");
  std::multimap<pid_t, pid_t> children;
  const auto entries = proc.list("");
  if (!entries) return children;
  for (const std::string& entry : *entries) {
    const auto id = number_at(entry);
    if (!id) continue;
    if (const auto parent = parent_of(proc, entry)) children.emplace(*parent, *id);
  }
  return children;
}

}  // namespace

MpiEvidence read_evidence(std::string_view text) {
  MpiEvidence evidence;
  std::istringstream lines{std::string(text)};
  std::string line;
  while (std::getline(lines, line))
    hear(evidence, line);
  return evidence;
}

Failed explain(Failed failed, const MpiEvidence& evidence, const std::vector<std::string>& nodes) {
  std::vector<RankSign> signs(nodes.size());
  for (std::size_t rank = 0; rank < nodes.size(); ++rank) {
    const auto told = evidence.told.find(static_cast<int>(rank));
    signs[rank].silent = told == evidence.told.end();
    if (told != evidence.told.end()) signs[rank] = told->second;
  }
  const bool witnessed = !evidence.told.empty();
  if (!evidence.death.empty() && !witnessed) {
    failed.error.message += "; " + evidence.death;
    failed.blamed = evidence.dead_node;
    if (evidence.dead_rank && *evidence.dead_rank < static_cast<int>(nodes.size()))
      failed.error.message += suspected({name(*evidence.dead_rank, nodes)});
  } else if (witnessed) {
    suspect(failed, name_cause(signs), nodes);
  } else if (!evidence.complaints.empty()) {
    for (const std::string& complaint : evidence.complaints)
      failed.error.message += "; " + complaint;
  } else if (!evidence.last_line.empty()) {
    failed.error.message += "; its last words: " + evidence.last_line;
  }
  return failed;
}

ProcessTree::~ProcessTree() {
  for (const Held& held : held_)
    ::close(held.descriptor);
}

void ProcessTree::hold(pid_t root) {
  const auto children = children_by_parent();
  std::vector<pid_t> open{root};
  while (!open.empty()) {
    const pid_t parent = open.back();
    open.pop_back();
    const auto [first, last] = children.equal_range(parent);
    for (auto child = first; child != last; ++child) {
      const pid_t id = child->second;
      open.push_back(id);
      const auto known = [id](const Held& held) { return held.id == id; };
      if (std::any_of(held_.begin(), held_.end(), known)) continue;
      const int descriptor = open_process(id);
      if (descriptor >= 0) held_.push_back({id, descriptor});
    }
  }
}

std::vector<pid_t> ProcessTree::end(Deadline deadline) {
  for (const Held& held : held_)
    static_cast<void>(::syscall(SYS_pidfd_send_signal, held.descriptor, SIGKILL, nullptr, 0));
  std::vector<pid_t> left;
  for (const Held& held : held_) {
    pollfd gone{held.descriptor, POLLIN, 0};
    if (::poll(&gone, 1, deadline.left_ms()) != 1) left.push_back(held.id);
  }
  return left;
}

}  // namespace plumbline::agent
