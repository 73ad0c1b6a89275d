#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <string>

#include "core/json/codec.hpp"
#include "reports/forms.hpp"
#include "tests/reports/samples.hpp"

using namespace plumbline;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr std::string_view kOpening = "<script type=\"application/json\" id=\"plumbline-report\">";

std::string data_of(const std::string& page) {
  const std::size_t begin = page.find(kOpening);
  REQUIRE(begin != std::string::npos);
  const std::size_t start = begin + kOpening.size();
  return page.substr(start, page.find("</script>", start) - start);
}

}  // namespace

TEST_CASE("The page's data is inert: nothing in it can end its element") {
  const std::string data = data_of(reports::html(samples::hostile()));
  CHECK(data.find_first_of("<>&") == std::string::npos);
  CHECK(data.find("\xE2\x80\xA8") == std::string::npos);
  CHECK(data.find("\xE2\x80\xA9") == std::string::npos);
  CHECK_THAT(data, ContainsSubstring("\\u003cscript\\u003ewindow.owned=1"));
}

TEST_CASE("The page's data is the report as report.json has it") {
  const Report report = samples::hostile();
  const auto read = json::decode_report(data_of(reports::html(report)));
  REQUIRE(read);
  CHECK(json::encode(*read) == json::encode(report));
}

TEST_CASE("The page has a policy that allows its own script and style by hash and nothing else") {
  const std::string page = reports::html(samples::empty());
  CHECK_THAT(page, ContainsSubstring("default-src 'none'; script-src 'sha256-"));
  CHECK_THAT(page, ContainsSubstring("; style-src 'sha256-"));
  CHECK(page.find("unsafe") == std::string::npos);
  CHECK(page.find("{{") == std::string::npos);
}

TEST_CASE("The page names no other place") {
  const std::string page = reports::html(samples::healthy());
  for (const char* outside : {"http://", "https://", "//cdn", "@import", "url("}) {
    INFO(outside);
    CHECK(page.find(outside) == std::string::npos);
  }
}
