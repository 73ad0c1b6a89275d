#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.hpp"

namespace plumbline::netcheck::claims {

/// One file of an archive: its name below the archive's root ("nodes/n1.topology.json") and text.
using ArchivedFile = std::pair<std::string, std::string>;

/// The files of a tar archive, plain or compressed by gzip, in their order. Folders are passed
/// over; a first folder that holds everything is taken off the names. Refused: links, devices and
/// all that is no regular file, absolute names, "..", names twice, more than 51000 files, more than
/// 1 GiB when unpacked, a checksum that is wrong, an end that is missing.
Result<std::vector<ArchivedFile>> read_archive(std::string_view bytes);

/// The files as a tar archive compressed by gzip; the same files give the same bytes.
Result<std::string> write_archive(const std::vector<ArchivedFile>& files);

/// True for a name that means an archive: *.tar.gz, *.tgz, *.tar.
bool is_archive_name(const std::filesystem::path& path);

/// A bundle as a folder: the path itself, or a folder of its own that an archive (or one file that
/// gzip packed, both told by their first bytes too) was unpacked to and that goes with this object.
class BundleFolder {
 public:
  /// Errors as of read_archive(), with the archive's name; one for what other packers made.
  static Result<BundleFolder> open(const std::filesystem::path& bundle);
  BundleFolder(BundleFolder&& other) noexcept;
  BundleFolder& operator=(BundleFolder&& other) noexcept;
  BundleFolder(const BundleFolder&) = delete;
  BundleFolder& operator=(const BundleFolder&) = delete;
  ~BundleFolder();

  const std::filesystem::path& path() const { return path_; }

 private:
  BundleFolder(std::filesystem::path path, bool own) : path_(std::move(path)), own_(own) {}
  std::filesystem::path path_;
  bool own_ = false;
};

}  // namespace plumbline::netcheck::claims
