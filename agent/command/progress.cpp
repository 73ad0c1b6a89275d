#include "agent/command/progress.hpp"

#include <algorithm>
#include <cmath>
#include <ostream>

namespace plumbline::agent {
namespace {

std::string line_of(const std::string& step, double share) {
  const int percent = static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * 100));
  const std::string number = std::to_string(percent);
  std::string text =
      "[" + std::string(3 - std::min<std::size_t>(number.size(), 3), ' ') + number + " %] " + step;
  std::replace_if(
      text.begin(), text.end(),
      [](char letter) { return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f; }, '?');
  return text;
}

}  // namespace

void Progress::show(const std::string& step, double share) {
  const std::lock_guard lock(mutex_);
  const std::string line = line_of(step, share);
  if (terminal_) {
    out_ << "\r\x1b[K" << line.substr(0, static_cast<std::size_t>(width_ - 1)) << std::flush;
  } else if (step != last_) {
    out_ << line << "\n" << std::flush;
  }
  last_ = step;
}

void Progress::clear() {
  const std::lock_guard lock(mutex_);
  if (terminal_ && !last_.empty()) out_ << "\r\x1b[K" << std::flush;
}

}  // namespace plumbline::agent
