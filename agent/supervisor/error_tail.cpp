#include "agent/supervisor/error_tail.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

namespace plumbline::agent {
namespace {

constexpr std::size_t kTailMost = 2048;
constexpr int kPipeBytes = 256 << 10;
constexpr int kReadsAtOnce = 64;  // a flood does not keep us here

}  // namespace

Result<ErrorTail> ErrorTail::open() {
  std::error_code error;
  const auto base = std::filesystem::temp_directory_path(error);
  if (error) return fail_errno(error.value(), "finding the temporary directory");
  std::string directory = (base / "plumbline-child-XXXXXX").string();
  if (::mkdtemp(directory.data()) == nullptr) return fail_errno(errno, "making " + directory);
  const std::filesystem::path path = std::filesystem::path(directory) / "stderr";
  if (::mkfifo(path.c_str(), 0600) != 0) {
    const int problem = errno;
    ::rmdir(directory.c_str());
    return fail_errno(problem, "making " + path.string());
  }
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
  ErrorTail tail(reader, path);  // cleans up from here on
  if (reader < 0) return fail_errno(errno, "opening " + path.string());
  ::fcntl(reader, F_SETPIPE_SZ, kPipeBytes);
  return tail;
}

ErrorTail::ErrorTail(int reader, std::filesystem::path path)
    : reader_(reader), path_(std::move(path)) {}

ErrorTail::ErrorTail(ErrorTail&& other) noexcept
    : reader_(std::exchange(other.reader_, -1)),
      path_(std::exchange(other.path_, {})),
      tail_(std::move(other.tail_)) {}

ErrorTail::~ErrorTail() {
  hide();
  if (reader_ >= 0) ::close(reader_);
}

void ErrorTail::hide() {
  if (path_.empty()) return;
  ::unlink(path_.c_str());
  ::rmdir(path_.parent_path().c_str());
  path_.clear();
}

void ErrorTail::drain() {
  std::array<char, 16384> chunk{};
  for (int turn = 0; turn < kReadsAtOnce; ++turn) {
    const ssize_t got = ::read(reader_, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    tail_.append(chunk.data(), static_cast<std::size_t>(got));
    if (tail_.size() > kTailMost) tail_.erase(0, tail_.size() - kTailMost);
  }
}

std::string ErrorTail::last_words() const {
  if (tail_.size() < kTailMost) return tail_;
  const auto line = tail_.find('\n');
  return line + 1 < tail_.size() ? tail_.substr(line + 1) : tail_;
}

}  // namespace plumbline::agent
