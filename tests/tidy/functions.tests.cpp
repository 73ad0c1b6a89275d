#include "tests/tidy/functions.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace plumbline::tidy;

namespace {

std::vector<Function> scan(const std::string& code) {
  return functions_of(read_source("core/a.cpp", code));
}

/// "name/parameters name/parameters ..."
std::string names(const std::string& code) {
  std::string text;
  for (const auto& function : scan(code)) {
    text += (text.empty() ? "" : " ") + function.name + "/" + std::to_string(function.parameters);
  }
  return text;
}

}  // namespace

TEST_CASE("A function's length goes from its head to its closing brace") {
  const auto found = scan("int a;\n\nint f(int a,\n      int b) {\n    return a;\n}\n");
  REQUIRE(found.size() == 1);
  CHECK(found[0].line == 3);
  CHECK(found[0].lines == 4);
}

TEST_CASE("Functions are found in namespaces, classes and behind templates") {
  CHECK(names("namespace a::b {\nvoid f() {}\nnamespace {\nvoid g(int) {}\n}\n}\n") == "f/0 g/1");
  CHECK(names("class A : public B {\n public:\n  int f() const { return 1; }\n int x_{0};\n};\n"
              "struct C final { void g(int a, int b) {} };\n") == "f/0 g/2");
  CHECK(names("template <class A, class B = std::map<int, int>>\nvoid f(A a) {}\n") == "f/1");
  CHECK(names("extern \"C\" {\nvoid f(void) {}\n}\n") == "f/0");
  CHECK(names("struct stat look(int a) { return {}; }\n") == "look/1");
}

TEST_CASE("Constructors with initialisers end at their body") {
  CHECK(names("A::A(int a) : a_{a}, b_(a), c_{a, {1, 2}} { run(); }\nint f() {}\n") == "A/1 f/0");
  CHECK(names("A::A() : Base<int>{1} {}\n") == "A/0");
  CHECK(names("A::A() noexcept(true) : a_(1) {}\n") == "A/0");
}

TEST_CASE("Operators, trailing returns, attributes and defaults are functions too") {
  CHECK(names("bool operator==(A a, A b) { return true; }\n") == "operator==/2");
  CHECK(names("int operator()(int a) const { return a; }\n") == "operator()/1");
  CHECK(names("A& operator=(A a) { return *this; }\n") == "operator=/1");
  CHECK(names("[[nodiscard]] auto f(int a = 3) -> std::vector<int> { return {}; }\n") == "f/1");
  CHECK(names("A() = default;\nA(int) = delete;\nvoid f();\n").empty());
}

TEST_CASE("Data in braces is no function, a lambda at file scope is one") {
  CHECK(names("const int a[] = {1, 2};\nFoo b{1};\nauto c = make({1});\nenum class D { e };\n"
              "constexpr std::array<int, 2> f = {{1}, {2}};\n")
            .empty());
  CHECK(names("auto f = [](int a) { return a; };\nint g() {}\n") == "]/1 g/0");
  CHECK(names("template <class T>\nconcept C = requires(T t) { t.run(); };\nint g() {}\n") ==
        "g/0");
  CHECK(names("TEST_CASE(\"a { b\", \"[x]\") {\n  SECTION(\"c\") {}\n}\n") == "TEST_CASE/2");
}

TEST_CASE("Commas inside template arguments, calls and braces are no parameters") {
  CHECK(names("void f(std::map<int, std::pair<int, int>> a, int b = g(1, 2), C c = {1, 2}) {}\n") ==
        "f/3");
  CHECK(names("void f(std::function<void(int, int)> a) {}\n") == "f/1");
}

TEST_CASE("Nesting counts control blocks and nothing else") {
  const auto depth = [](const std::string& body) {
    return scan("void f() {" + body + "}")[0].nesting;
  };
  CHECK(depth("int a{1}; { run(); } A b = {1};") == 0);
  CHECK(depth("if (a) { b(); } else if (c) { d(); } else { e(); }") == 1);
  CHECK(depth("for (;;) { while (a) { if constexpr (b) { do { c(); } while (d); } } }") == 4);
  CHECK(depth("switch (a) { case 1: { if (b) { c(); } } }") == 2);
  CHECK(depth("try { a(); } catch (const B& b) { if (c) { d(); } }") == 2);
  CHECK(depth("run([&](int a) { if (a) { b(); } });") == 1);
}

TEST_CASE("Unbalanced braces end the list and nothing else") {
  CHECK(names("void f() {\n if (a) {\n").starts_with("f/0"));
  CHECK(names("}}}} void f() {}\n") == "f/0");
}
