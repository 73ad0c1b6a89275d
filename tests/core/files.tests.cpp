#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>

#include "core/files.hpp"

using namespace plumbline;
namespace fs = std::filesystem;

namespace {

/// A directory of its own that is gone afterwards.
class Scratch {
 public:
  Scratch() {
    std::string name = (fs::temp_directory_path() / "plumbline-files-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { fs::remove_all(path_); }
  fs::path operator/(const char* name) const { return path_ / name; }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

void put(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

}  // namespace

TEST_CASE("A file tree reads texts, numbers and names below its root") {
  const Scratch scratch;
  put(scratch / "mtu", "1500\n");
  put(scratch / "vendor", "0x15b3\n");
  const FileTree tree(scratch.path());
  CHECK(tree.read("mtu") == "1500");
  CHECK(tree.read_integer("mtu") == 1500);
  CHECK(tree.read_integer("vendor") == 0x15b3);
  CHECK(tree.list("") == std::vector<std::string>{"mtu", "vendor"});
  CHECK(tree.exists("mtu"));
}

TEST_CASE("What cannot be read is an error with its path, never empty") {
  const Scratch scratch;
  put(scratch / "speed", "fast");
  const FileTree tree(scratch.path());
  const auto missing = tree.read("nothing");
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().code == ErrorCode::not_found);
  CHECK(missing.error().message.find("nothing") != std::string::npos);
  CHECK_FALSE(tree.list("nothing").has_value());
  CHECK_FALSE(tree.read_integer("speed").has_value());
  CHECK_FALSE(tree.read("speed", 2).has_value());
}

TEST_CASE("A written file is the old one or the new one") {
  const Scratch scratch;
  REQUIRE(write_file(scratch / "report", "old").has_value());
  REQUIRE(write_file(scratch / "report", "new").has_value());
  CHECK(read_file(scratch / "report") == "new");
  CHECK(FileTree(scratch.path()).list("")->size() == 1);
  CHECK_FALSE(write_file(scratch / "no/such/folder", "x").has_value());
}

TEST_CASE("An append file keeps whole lines and cuts a torn one") {
  const Scratch scratch;
  put(scratch / "journal", "one\ntwo\nthr");
  {
    auto file = AppendFile::open(scratch / "journal");
    REQUIRE(file.has_value());
    REQUIRE(file->append("three").has_value());
    CHECK_FALSE(file->append("two\nlines").has_value());
  }
  CHECK(read_file(scratch / "journal") == "one\ntwo\nthree\n");
}

TEST_CASE("An append file is not opened through a link") {
  const Scratch scratch;
  put(scratch / "target", "");
  fs::create_symlink(scratch / "target", scratch / "link");
  CHECK_FALSE(AppendFile::open(scratch / "link").has_value());
}
