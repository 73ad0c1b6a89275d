#include <catch2/catch_test_macros.hpp>
#include <cstdio>

#include "tests/tidy/rules.hpp"

using namespace plumbline::tidy;

namespace {

std::string dead(const std::string& build_file, const std::string& build_text,
                 const std::string& path) {
  return listed(check_dead_files({read_source(build_file, build_text), read_source(path, "\n")}));
}

}  // namespace

TEST_CASE("A source file that no CMakeLists.txt names is dead") {
  CHECK(dead("core/CMakeLists.txt", "add_library(a model/b.cpp)\n", "core/model/b.cpp").empty());
  CHECK(dead("core/model/CMakeLists.txt", "add_library(a\n  b.cpp)\n", "core/model/b.cpp").empty());
  CHECK_FALSE(dead("core/CMakeLists.txt", "add_library(a c.cpp)\n", "core/b.cpp").empty());
  CHECK(dead("core/CMakeLists.txt", "add(a ${HERE}/b.cpp)\n", "core/b.cpp").empty());
  CHECK(dead("tests/rack/CMakeLists.txt", "add(a ../b.cpp)\n", "tests/b.cpp").empty());
  CHECK_FALSE(dead("core/CMakeLists.txt", "add_library(a model/b.cpp)\n", "core/b.cpp").empty());
  CHECK_FALSE(dead("core/CMakeLists.txt", "# b.cpp\n", "core/b.cpp").empty());
  CHECK_FALSE(dead("core/CMakeLists.txt", "add_library(a sub.cpp)\n", "core/b.cpp").empty());
  CHECK_FALSE(dead("probes/CMakeLists.txt", "add_library(a b.cpp)\n", "core/b.cpp").empty());
}

TEST_CASE("The whole tree keeps the house rules") {
  const auto tree = read_tree(PLUMBLINE_ROOT);
  REQUIRE(tree.size() > 20);
  const auto problems = check_all(tree);
  std::fputs(listed(problems).c_str(), stderr);  // one a line, which a test report would wrap
  CHECK(problems.empty());
}
