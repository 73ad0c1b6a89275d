#include "tests/tidy/source.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace plumbline::tidy;

namespace {

std::string joined(const SourceFile& file) {
  std::string text;
  for (const auto& token : file.tokens)
    text += (text.empty() ? "" : " ") + token.text;
  return text;
}

}  // namespace

TEST_CASE("Comments leave the code and keep its lines") {
  const auto file = read_source("core/a.cpp", "int a; // throw\n/* throw\n throw */ int b;\n");
  CHECK(joined(file) == "int a ; int b ;");
  CHECK(file.tokens.back().line == 3);
}

TEST_CASE("Literals are emptied, whatever they hold") {
  const auto file =
      read_source("core/a.cpp", R"code(f("a \" // b", '\'', '{', 1'000, R"x(throw ")" )x");)code"
                                "\nint b;\n");
  CHECK(joined(file) == "f ( \"\" , ' ' , ' ' , 1 ' 000 , \"\" ) ; int b ;");
  CHECK(file.tokens.back().line == 2);
}

TEST_CASE("A comment sign inside a string starts no comment") {
  const auto file = read_source("core/a.cpp", "auto u = \"http://x\"; int b;\n");
  CHECK(joined(file) == "auto u = \"\" ; int b ;");
}

TEST_CASE("Directives are kept as written and taken out of the code") {
  const auto file = read_source("core/a.cpp",
                                "#include \"core/b.hpp\"  // why\n"
                                "  #  define X(a) \\\n    throw a\nint b;\n"
                                "// #include \"core/c.hpp\"\n");
  REQUIRE(file.directives.size() == 2);
  CHECK(file.directives[0].text == "#include \"core/b.hpp\"  // why");
  CHECK(file.directives[1].line == 2);
  CHECK(joined(file) == "int b ;");
}

TEST_CASE("A main file is one that defines main") {
  CHECK(is_main_file(read_source("agent/x.cpp", "int main(int argc, char** argv) {}\n")));
  CHECK_FALSE(is_main_file(read_source("agent/main.cpp", "int domain(int main);\n")));
}
