#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"

namespace plumbline {

/// How a child ended.
struct ChildExit {
  std::optional<int> status;  ///< its exit status, when it left by itself
  std::optional<int> signal;  ///< the signal that ended it otherwise
  /// "left with status 3", "was ended by signal 11 (Segmentation fault)".
  std::string text() const;
};

/// What to start.
struct ChildCommand {
  std::filesystem::path program;       ///< searched in PATH when it has no slash
  std::vector<std::string> arguments;  ///< without the program's own name
  std::vector<std::string> environment =
      {};                                ///< the whole environment ("NAME=value"), nothing else
  std::filesystem::path error_log = {};  ///< where stderr goes (appended); empty: /dev/null
  bool errors_are_ours = false;          ///< stderr goes where this process's own does
};

/// A program running in its own process group, spoken to by lines over its stdin and stdout.
/// It dies with this object, and with the thread that started it (PDEATHSIG). One thread may write
/// while another reads and waits; nothing else is thread-safe.
class ChildProcess {
 public:
  /// Starts it. No shell is involved.
  static Result<ChildProcess> start(const ChildCommand& command);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  /// Kills the whole group and reaps the child.
  ~ChildProcess();

  /// Writes one line. A child that does not read is an error at the deadline.
  Status write_line(std::string_view line, Deadline deadline);
  /// No more input: the child reads end of file.
  void close_input();
  /// The next line without its newline; nothing at the end of the output; a line over 16 MiB, or
  /// the deadline, is an error.
  Result<std::optional<std::string>> read_line(Deadline deadline);
  /// Waits for the end. At the deadline: an error, and the child still runs.
  Result<ChildExit> wait(Deadline deadline);
  /// Ends the whole process group at once (SIGKILL works on stopped processes too) and reaps.
  ChildExit kill();
  /// The process id.
  pid_t id() const { return pid_; }
  /// The letter of /proc/<pid>/stat: 'R', 'S', 'T' when stopped, 'Z'; '?' when gone.
  char state() const;

 private:
  ChildProcess(pid_t pid, int input, int output);
  void release() noexcept;
  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
  std::string buffer_;
  std::optional<ChildExit> exit_;
};

/// The variables of this process's environment whose names are in `names` or begin with one of the
/// `prefixes`, as "NAME=value": a child gets only what is named.
std::vector<std::string> environment_of(const std::vector<std::string>& names,
                                        const std::vector<std::string>& prefixes = {});

/// The directory of the running program (where its sibling programs lie).
Result<std::filesystem::path> program_directory();

}  // namespace plumbline
