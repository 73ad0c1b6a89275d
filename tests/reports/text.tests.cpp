#include "reports/text.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>

using namespace plumbline::reports;

TEST_CASE("Control bytes, direction marks and broken UTF-8 become question marks") {
  CHECK(visible("a\x1b[31mb\x07") == "a?[31mb?");
  CHECK(visible("tab\there\nline") == "tab?here?line");
  CHECK(visible("c1\xC2\x9B"
                "x") == "c1?x");
  CHECK(visible("rtl\xE2\x80\xAE-zero\xE2\x80\x8B") == "rtl?-zero?");
  CHECK(visible("bad\xff\xC3(\xE2\x80") ==
        "bad?"
        "?(?"
        "?");
  CHECK(visible("overlong\xC0\x80 surrogate\xED\xA0\x80") == "overlong?? surrogate???");
  CHECK(visible("beyond\xF4\x90\x80\x80") == "beyond????");
}

TEST_CASE("Ordinary text of any script passes as it is") {
  const std::string text = "knoten-\xC3\xBC \xE7\xAF\x80\xE7\x82\xB9 \xF0\x9F\xA6\x84";
  CHECK(visible(text) == text);
}

TEST_CASE("Columns count wide characters twice and combining marks not") {
  CHECK(columns("abc") == 3);
  CHECK(columns("\xE7\xAF\x80\xE7\x82\xB9") == 4);
  CHECK(columns("e\xCC\x81") == 1);
  CHECK(pad_right("\xE7\xAF\x80", 4) == "\xE7\xAF\x80  ");
  CHECK(pad_left("ab", 4) == "  ab");
  CHECK(pad_left("abcdef", 4) == "abcdef");
}

TEST_CASE("A text that is too long keeps its beginning and its end") {
  CHECK(shorten("node-1", 10) == "node-1");
  CHECK(shorten("ip-10-0-1-23.ec2.internal", 12) == "ip-10..ernal");
  CHECK(columns(shorten("\xE7\xAF\x80\xE7\x82\xB9\xE7\xAF\x80\xE7\x82\xB9", 6)) <= 6);
  CHECK(shorten("abcdef", 3) == "abc");
}

TEST_CASE("Lines break at blanks, and within a word that is longer than a line") {
  CHECK(wrap("one two three", 7) == std::vector<std::string>{"one two", "three"});
  CHECK(wrap("abcdefghij", 4) == std::vector<std::string>{"abcd", "efgh", "ij"});
  CHECK(wrap("a abcdefghij b", 4) == std::vector<std::string>{"a", "abcd", "efgh", "ij b"});
  CHECK(wrap("", 4) == std::vector<std::string>{""});
  for (const std::string& line : wrap("\xE7\xAF\x80\xE7\x82\xB9\xE7\xAF\x80", 3)) {
    CHECK(columns(line) <= 3);
  }
}

TEST_CASE("Counted nouns agree with their number") {
  CHECK(counted(1, "path") == "1 path");
  CHECK(counted(2, "path") == "2 paths");
}
