#pragma once

#include <filesystem>
#include <fstream>
#include <string>

namespace plumbline::probes {

/// A directory of files for one test, removed with it.
class Tree {
 public:
  Tree() {
    std::string name =
        (std::filesystem::temp_directory_path() / "plumbline-probes-XXXXXX").string();
    root_ = mkdtemp(name.data());
  }
  ~Tree() { std::filesystem::remove_all(root_); }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  void file(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text << "\n";
  }
  void link(const std::string& path, const std::string& target) const {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::filesystem::create_symlink(target, root_ / path);
  }
  void directory(const std::string& path) const {
    std::filesystem::create_directories(root_ / path);
  }
  const std::filesystem::path& root() const { return root_; }

 private:
  std::filesystem::path root_;
};

}  // namespace plumbline::probes
