#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace plumbline {

/// A directory tree read as if it were the root: "/" on the node, "/host" in a DaemonSet, a fixture
/// in tests. Paths are relative to it ("sys/class/net/eth0/mtu"). Reads only; a value.
class FileTree {
 public:
  /// The tree below `root`. Nothing is opened yet.
  explicit FileTree(std::filesystem::path root) : root_(std::move(root)) {}

  /// The file's text without trailing white space; at most `limit` bytes are read, more is an
  /// error.
  Result<std::string> read(std::string_view path, std::size_t limit = 65536) const;
  /// The file's text as a whole number, decimal or 0x-hexadecimal.
  Result<std::int64_t> read_integer(std::string_view path) const;
  /// The names in a directory, sorted; a missing directory is an error, an empty one is not.
  Result<std::vector<std::string>> list(std::string_view path) const;
  /// Where a symbolic link (or path) really leads, as an absolute path of this machine.
  Result<std::filesystem::path> resolve(std::string_view path) const;
  /// True when the path exists and can be seen.
  bool exists(std::string_view path) const;
  /// The root itself.
  const std::filesystem::path& root() const { return root_; }

 private:
  std::filesystem::path root_;
};

/// A whole file as text; more than `limit` bytes is an error that names the file.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit = 64U << 20U);

/// Replaces a file at once: written beside it, fsynced, renamed. Readers see the old or the new
/// one.
Status write_file(const std::filesystem::path& path, std::string_view text);

/// An append-only file of lines, each on disk before append() returns. Movable, closes itself.
class AppendFile {
 public:
  /// Opens or creates it. A last line without its newline (a torn write) is cut off.
  static Result<AppendFile> open(const std::filesystem::path& path);
  AppendFile(AppendFile&& other) noexcept;
  AppendFile& operator=(AppendFile&& other) noexcept;
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;
  ~AppendFile();

  /// Writes `line` and a newline and syncs them. `line` holds no newline itself.
  Status append(std::string_view line);

 private:
  AppendFile(int descriptor, std::filesystem::path path);
  int descriptor_;
  std::filesystem::path path_;
};

}  // namespace plumbline
