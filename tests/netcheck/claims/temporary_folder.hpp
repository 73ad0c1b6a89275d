#pragma once

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>

namespace plumbline::netcheck::claims {

/// An empty folder of a test's own, gone when the test is over.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "plumbline-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }
  /// Writes a file into it and returns the folder, for a test of one line.
  const std::filesystem::path& with(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
    return path_;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace plumbline::netcheck::claims
