#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>

#include "agent/stage/journal.hpp"

using namespace plumbline;
using agent::Journal;
using agent::Pass;
namespace fs = std::filesystem;

namespace {

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "plumbline-journal-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(path_); }
  const fs::path& path() const { return path_; }
  fs::path file() const { return path_ / "journal.jsonl"; }

 private:
  fs::path path_;
};

Outcome outcome(const std::string& to) {
  Outcome made;
  made.probe = "pair_goodput";
  made.from = {"node-1", "ens1", "rail-a"};
  made.to = {to, "ens1", "rail-a"};
  made.result = Skipped{"held"};
  return made;
}

Result<Journal> begin(const Folder& folder) {
  return Journal::create(folder.path(), {"run-1", "digest", "2026-11-23T00:00:00.000Z"});
}

}  // namespace

TEST_CASE("What is journaled is there after a restart, pass by pass") {
  const Folder folder;
  {
    auto journal = begin(folder);
    REQUIRE(journal.has_value());
    REQUIRE(journal->add(Pass::first, outcome("node-2")).has_value());
    REQUIRE(journal->add(Pass::alone, outcome("node-3")).has_value());
  }
  const auto again = Journal::resume(folder.path(), "digest");
  REQUIRE(again.has_value());
  CHECK(again->start().run_id == "run-1");
  CHECK(again->has(Pass::first, outcome("node-2").key()));
  CHECK_FALSE(again->has(Pass::alone, outcome("node-2").key()));
  CHECK(again->outcomes(Pass::alone).size() == 1);
}

TEST_CASE("A journal cut at any byte resumes with the whole lines before the cut") {
  const Folder folder;
  {
    auto journal = begin(folder);
    REQUIRE(journal->add(Pass::first, outcome("node-2")).has_value());
    REQUIRE(journal->add(Pass::first, outcome("node-3")).has_value());
  }
  std::string whole = *read_file(folder.file());
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    std::ofstream(folder.file(), std::ios::trunc) << whole.substr(0, length);
    const auto lines = std::count(whole.begin(), whole.begin() + static_cast<long>(length), '\n');
    auto journal = Journal::resume(folder.path(), "digest");
    if (lines == 0) {
      REQUIRE_FALSE(journal.has_value());
      CHECK(journal.error().code == ErrorCode::not_found);
      continue;
    }
    REQUIRE(journal.has_value());
    CHECK(journal->outcomes(Pass::first).size() == static_cast<std::size_t>(lines - 1));
    REQUIRE(journal->add(Pass::first, outcome("node-9")).has_value());
  }
}

TEST_CASE("A journal of another stage file is not resumed") {
  const Folder folder;
  REQUIRE(begin(folder).has_value());
  const auto other = Journal::resume(folder.path(), "another digest");
  REQUIRE_FALSE(other.has_value());
  CHECK(other.error().code == ErrorCode::conflict);
}

TEST_CASE("A journal is not begun over another, and the error says what to do") {
  const Folder folder;
  REQUIRE(begin(folder).has_value());
  const auto second = begin(folder);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().message.find("--resume") != std::string::npos);
}

TEST_CASE("Damage inside a journal is told with its line") {
  const Folder folder;
  REQUIRE(begin(folder).has_value());
  std::ofstream(folder.file(), std::ios::app) << "{\"entry\":\"outcome\"}\n";
  const auto damaged = Journal::resume(folder.path(), "digest");
  REQUIRE_FALSE(damaged.has_value());
  CHECK(damaged.error().message.find("line 2 is not an outcome") == std::string::npos);
  CHECK(damaged.error().message.find("line 2: is not an outcome") != std::string::npos);
  std::ofstream(folder.file(), std::ios::trunc) << "{\"schema\":7}\n";
  CHECK_FALSE(Journal::resume(folder.path(), "digest").has_value());
}
