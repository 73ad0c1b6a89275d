#pragma once

#include <iosfwd>
#include <mutex>
#include <string>

namespace plumbline::agent {

/// How far long work is: one line that is rewritten on a terminal, one line a step elsewhere.
/// Thread-safe.
class Progress {
 public:
  Progress(std::ostream& out, bool terminal, int width)
      : out_(out), terminal_(terminal), width_(width) {}
  /// `share` is 0..1.
  void show(const std::string& step, double share);
  /// Takes the terminal's line away.
  void clear();

 private:
  std::ostream& out_;
  bool terminal_;
  int width_;
  std::mutex mutex_;
  std::string last_;
};

}  // namespace plumbline::agent
