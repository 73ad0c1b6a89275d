#include "core/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/files.hpp"

extern char** environ;

namespace plumbline {
namespace {

constexpr std::size_t kLineMost = 16U << 20U;

struct Pipe {
  int read = -1;
  int write = -1;
};

/// A socket pair used one way: send() can refuse SIGPIPE, write() to a pipe cannot.
Result<Pipe> open_pipe() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return fail_errno(errno, "opening a channel to a child");
  }
  return Pipe{ends[0], ends[1]};
}

void close_both(const Pipe& pipe) {
  ::close(pipe.read);
  ::close(pipe.write);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  list.reserve(texts.size() + 1);
  for (auto& text : texts)
    list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

/// What the new process needs, made before fork: after it only async-signal-safe calls are made.
struct Launch {
  std::vector<std::string> words;
  std::vector<std::string> environment;
  std::string program;
  std::string log;
  Pipe input;
  Pipe output;
  Pipe report;  ///< carries errno when exec fails; closes by itself when it works
};

[[noreturn]] void give_up(const Launch& launch) {
  const int error = errno;
  const ssize_t ignored = ::write(launch.report.write, &error, sizeof error);
  ::_exit(ignored == sizeof error ? 127 : 126);
}

[[noreturn]] void become(Launch& launch, char** words, char** environment, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(125);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  const int log = launch.log.empty() ? ::dup(2)
                                     : ::open(launch.log.c_str(),
                                              O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0644);
  if (log < 0 || ::dup2(launch.input.read, 0) < 0 || ::dup2(launch.output.write, 1) < 0 ||
      ::dup2(log, 2) < 0) {
    give_up(launch);
  }
  if (log > 2) ::close(log);
  ::execvpe(launch.program.c_str(), words, environment);
  give_up(launch);
}

Result<pid_t> fork_and_exec(Launch& launch) {
  auto words = pointers(launch.words);
  auto environment = pointers(launch.environment);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno(errno, "starting " + launch.program);
  if (pid == 0) become(launch, words.data(), environment.data(), parent);
  ::setpgid(pid, pid);
  ::close(std::exchange(launch.report.write, -1));
  int error = 0;
  ssize_t got = 0;
  do {
    got = ::read(launch.report.read, &error, sizeof error);
  } while (got < 0 && errno == EINTR);
  if (got == sizeof error) {
    ::waitpid(pid, nullptr, 0);
    return fail_errno(error, "starting " + launch.program);
  }
  return pid;
}

ChildExit exit_of(int status) {
  if (WIFSIGNALED(status)) return {std::nullopt, WTERMSIG(status)};
  return {WEXITSTATUS(status), std::nullopt};
}

}  // namespace

std::string ChildExit::text() const {
  if (status) return "left with status " + std::to_string(*status);
  if (!signal) return "is gone";
  const char* const name = ::strsignal(*signal);
  return "was ended by signal " + std::to_string(*signal) + " (" + (name ? name : "unknown") + ")";
}

Result<ChildProcess> ChildProcess::start(const ChildCommand& command) {
  Launch launch;
  launch.program = command.program.string();
  launch.words.push_back(launch.program);
  launch.words.insert(launch.words.end(), command.arguments.begin(), command.arguments.end());
  launch.environment = command.environment;
  launch.log = command.error_log.empty() ? "/dev/null" : command.error_log.string();
  if (command.errors_are_ours) launch.log.clear();
  for (Pipe* const pipe : {&launch.input, &launch.output, &launch.report}) {
    auto opened = open_pipe();
    if (!opened) return tl::unexpected(opened.error());
    *pipe = *opened;
  }
  const auto pid = fork_and_exec(launch);
  ::close(launch.input.read);
  ::close(launch.output.write);
  ::close(launch.report.read);
  if (launch.report.write >= 0) ::close(launch.report.write);
  if (!pid) {
    close_both({launch.output.read, launch.input.write});
    return tl::unexpected(pid.error());
  }
  ::fcntl(launch.input.write, F_SETFL, O_NONBLOCK);
  ::fcntl(launch.output.read, F_SETFL, O_NONBLOCK);
  return ChildProcess(*pid, launch.input.write, launch.output.read);
}

ChildProcess::ChildProcess(pid_t pid, int input, int output)
    : pid_(pid), input_(input), output_(output) {}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      input_(std::exchange(other.input_, -1)),
      output_(std::exchange(other.output_, -1)),
      buffer_(std::move(other.buffer_)),
      exit_(other.exit_) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this == &other) return *this;
  release();
  pid_ = std::exchange(other.pid_, -1);
  input_ = std::exchange(other.input_, -1);
  output_ = std::exchange(other.output_, -1);
  buffer_ = std::move(other.buffer_);
  exit_ = other.exit_;
  return *this;
}

ChildProcess::~ChildProcess() { release(); }

void ChildProcess::release() noexcept {
  if (pid_ > 0) kill();
  close_input();
  if (output_ >= 0) ::close(std::exchange(output_, -1));
  pid_ = -1;
}

Status ChildProcess::write_line(std::string_view line, Deadline deadline) {
  const std::string text = std::string(line) + "\n";
  std::size_t done = 0;
  while (done < text.size()) {
    if (input_ < 0) return fail(ErrorCode::unavailable, "the child's input is closed");
    pollfd wait{input_, POLLOUT, 0};
    const int ready = ::poll(&wait, 1, deadline.left_ms());
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) return fail(ErrorCode::deadline_exceeded, "the child does not read its input");
    const ssize_t wrote =
        ::send(input_, text.data() + done, text.size() - done, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (wrote < 0 && errno != EAGAIN && errno != EINTR) {
      return fail_errno(errno, "writing to the child");
    }
    if (wrote > 0) done += static_cast<std::size_t>(wrote);
  }
  return {};
}

void ChildProcess::close_input() {
  if (input_ >= 0) ::close(std::exchange(input_, -1));
}

Result<std::optional<std::string>> ChildProcess::read_line(Deadline deadline) {
  std::array<char, 65536> chunk{};
  std::size_t searched = 0;
  while (true) {
    const auto newline = buffer_.find('\n', searched);
    if (newline != std::string::npos) {
      std::string line = buffer_.substr(0, newline);
      buffer_.erase(0, newline + 1);
      return line;
    }
    searched = buffer_.size();
    if (buffer_.size() > kLineMost) {
      return fail(ErrorCode::invalid_input, "the child wrote a line of more than 16 MiB");
    }
    pollfd wait{output_, POLLIN, 0};
    const int ready = ::poll(&wait, 1, deadline.left_ms());
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) return fail(ErrorCode::deadline_exceeded, "the child is silent");
    const ssize_t got = ::read(output_, chunk.data(), chunk.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got < 0) return fail_errno(errno, "reading from the child");
    if (got == 0) {
      if (buffer_.empty()) return std::nullopt;
      return std::exchange(buffer_, {});
    }
    buffer_.append(chunk.data(), static_cast<std::size_t>(got));
  }
}

Result<ChildExit> ChildProcess::wait(Deadline deadline) {
  if (exit_) return *exit_;
  const int handle = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (handle < 0) return fail_errno(errno, "waiting for the child");
  int ready = 0;
  do {
    pollfd ended{handle, POLLIN, 0};
    ready = ::poll(&ended, 1, deadline.left_ms());
  } while (ready < 0 && errno == EINTR);
  ::close(handle);
  if (ready == 0) return fail(ErrorCode::deadline_exceeded, "the child still runs");
  return kill();
}

ChildExit ChildProcess::kill() {
  if (exit_ || pid_ <= 0) return exit_.value_or(ChildExit{});
  ::kill(-pid_, SIGKILL);  // before reaping: until then the group's number cannot be another's
  while (!exit_) {
    int status = 0;
    const pid_t reaped = ::waitpid(pid_, &status, 0);
    if (reaped == pid_) exit_ = exit_of(status);
    if (reaped < 0 && errno != EINTR) exit_ = ChildExit{};
  }
  return *exit_;
}

char ChildProcess::state() const {
  const auto text = FileTree("/proc").read(std::to_string(pid_) + "/stat", 4096);
  if (!text) return '?';
  const auto paren = text->rfind(')');
  return paren != std::string::npos && paren + 2 < text->size() ? (*text)[paren + 2] : '?';
}

std::vector<std::string> environment_of(const std::vector<std::string>& names,
                                        const std::vector<std::string>& prefixes) {
  std::vector<std::string> kept;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('='));
    const bool named = std::find(names.begin(), names.end(), name) != names.end();
    const bool prefixed = std::any_of(prefixes.begin(), prefixes.end(),
                                      [&](const auto& prefix) { return name.starts_with(prefix); });
    if (named || prefixed) kept.emplace_back(text);
  }
  return kept;
}

Result<std::filesystem::path> program_directory() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return fail_errno(error.value(), "finding the running program");
  return self.parent_path();
}

}  // namespace plumbline
