#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "core/files.hpp"
#include "core/json/codec.hpp"
#include "reports/forms.hpp"
#include "tests/reports/samples.hpp"

using namespace plumbline;
using Catch::Matchers::ContainsSubstring;
namespace fs = std::filesystem;

namespace {

/// A folder that is removed with its contents.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "plumbline-reports-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

TEST_CASE("The results folder gets its three forms and nothing else") {
  const Folder folder;
  const Report report = samples::slow_nic();
  REQUIRE(reports::write_forms(report, folder.path()));
  CHECK(read_file(folder.path() / "report.json") == json::encode(report));
  CHECK(read_file(folder.path() / "report.html") == reports::html(report));
  CHECK(read_file(folder.path() / "fabric-junit.xml") == reports::junit(report));
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 3);
}

TEST_CASE("Writing again replaces the forms") {
  const Folder folder;
  REQUIRE(reports::write_forms(samples::slow_nic(), folder.path()));
  REQUIRE(reports::write_forms(samples::healthy(), folder.path()));
  CHECK(read_file(folder.path() / "report.json") == json::encode(samples::healthy()));
}

TEST_CASE("A folder that cannot be written to is an error that names the form") {
  const Folder folder;
  const Status written = reports::write_forms(samples::empty(), folder.path() / "absent");
  REQUIRE_FALSE(written);
  CHECK_THAT(written.error().message, ContainsSubstring("writing report.json"));
}

TEST_CASE("Every sample is read back from its JSON as it was") {
  for (const auto& sample : samples::all()) {
    if (sample.name == "large") continue;
    INFO(sample.name);
    const std::string text = json::encode(sample.report);
    const auto read = json::decode_report(text);
    REQUIRE(read);
    CHECK(json::encode(*read) == text);
  }
}

TEST_CASE("A report.json that was recorded when v1 began is still read, and written the same") {
  const auto text = read_file(fs::path(PLUMBLINE_REPORT_FIXTURES) / "v1.json");
  REQUIRE(text);
  const auto report = json::decode_report(*text);
  REQUIRE(report);
  CHECK(report->findings.size() == 3);
  CHECK(report->outcomes.size() == 5);
  CHECK(json::encode(*report) == *text);
}
