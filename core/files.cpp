#include "core/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

namespace plumbline {
namespace {

/// Owns one descriptor; closes it.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  int get() const { return value_; }

 private:
  int value_;
};

Result<std::string> read_whole(const std::filesystem::path& path, std::size_t limit) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return fail_errno(errno, "reading " + path.string());
  std::string text;
  std::array<char, 16384> chunk{};
  while (true) {
    const ssize_t got = ::read(file.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, "reading " + path.string());
    if (got == 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(got));
    if (text.size() > limit) {
      return fail(ErrorCode::invalid_input,
                  path.string() + " is larger than " + std::to_string(limit) + " bytes");
    }
  }
}

Status write_all(int descriptor, std::string_view text, const std::filesystem::path& path) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(descriptor, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return fail_errno(errno, "writing " + path.string());
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

/// Length of the file up to and with its last newline.
Result<off_t> whole_lines(int descriptor, const std::filesystem::path& path) {
  off_t end = ::lseek(descriptor, 0, SEEK_END);
  std::array<char, 4096> chunk{};
  while (end > 0) {
    const off_t start = std::max<off_t>(0, end - static_cast<off_t>(chunk.size()));
    const auto wanted = static_cast<std::size_t>(end - start);
    const ssize_t got = ::pread(descriptor, chunk.data(), wanted, start);
    if (got < 0) return fail_errno(errno, "reading " + path.string());
    for (ssize_t at = got - 1; at >= 0; --at) {
      if (chunk[static_cast<std::size_t>(at)] == '\n') return start + at + 1;
    }
    end = start;
  }
  return off_t{0};
}

}  // namespace

Result<std::string> FileTree::read(std::string_view path, std::size_t limit) const {
  auto text = read_whole(root_ / path, limit);
  if (!text) return text;
  while (!text->empty() && (text->back() == '\n' || text->back() == ' ' || text->back() == '\0')) {
    text->pop_back();
  }
  return text;
}

Result<std::int64_t> FileTree::read_integer(std::string_view path) const {
  const auto text = read(path, 256);
  if (!text) return tl::unexpected(text.error());
  std::string_view digits = *text;
  const bool hexadecimal = digits.starts_with("0x");
  if (hexadecimal) digits.remove_prefix(2);
  std::int64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, hexadecimal ? 16 : 10);
  if (error != std::errc() || stop != end) {
    return fail(ErrorCode::invalid_input,
                (root_ / path).string() + " holds \"" + *text + "\", not a number");
  }
  return value;
}

Result<std::vector<std::string>> FileTree::list(std::string_view path) const {
  std::error_code error;
  std::vector<std::string> names;
  auto entry = std::filesystem::directory_iterator(root_ / path, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  if (error) return fail_errno(error.value(), "listing " + (root_ / path).string());
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::filesystem::path> FileTree::resolve(std::string_view path) const {
  std::error_code error;
  auto real = std::filesystem::canonical(root_ / path, error);
  if (error) return fail_errno(error.value(), "following " + (root_ / path).string());
  return real;
}

bool FileTree::exists(std::string_view path) const {
  std::error_code error;
  return std::filesystem::exists(root_ / path, error) && !error;
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit) {
  return read_whole(path, limit);
}

Status write_file(const std::filesystem::path& path, std::string_view text) {
  std::filesystem::path beside = path;
  beside += ".new";
  {
    const Descriptor file(
        ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (file.get() < 0) return fail_errno(errno, "writing " + beside.string());
    if (auto wrote = write_all(file.get(), text, beside); !wrote) return wrote;
    if (::fsync(file.get()) != 0) return fail_errno(errno, "syncing " + beside.string());
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) {
    return fail_errno(errno, "renaming to " + path.string());
  }
  return {};
}

AppendFile::AppendFile(int descriptor, std::filesystem::path path)
    : descriptor_(descriptor), path_(std::move(path)) {}

AppendFile::AppendFile(AppendFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

AppendFile& AppendFile::operator=(AppendFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  return *this;
}

AppendFile::~AppendFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<AppendFile> AppendFile::open(const std::filesystem::path& path) {
  const int descriptor =
      ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (descriptor < 0) return fail_errno(errno, "opening " + path.string());
  AppendFile file(descriptor, path);
  const auto length = whole_lines(descriptor, path);
  if (!length) return tl::unexpected(length.error());
  if (::ftruncate(descriptor, *length) != 0) return fail_errno(errno, "trimming " + path.string());
  return file;
}

Status AppendFile::append(std::string_view line) {
  if (line.find('\n') != std::string_view::npos) {
    return fail(ErrorCode::invalid_input, "a line for " + path_.string() + " holds a newline");
  }
  if (auto wrote = write_all(descriptor_, std::string(line) + "\n", path_); !wrote) return wrote;
  if (::fdatasync(descriptor_) != 0) return fail_errno(errno, "syncing " + path_.string());
  return {};
}

}  // namespace plumbline
