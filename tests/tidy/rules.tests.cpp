#include "tests/tidy/rules.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace plumbline::tidy;

namespace {

std::string include_line(const std::string& target) { return "#include " + target + "\n"; }

std::string arrows(const std::string& path, const std::string& target) {
  return listed(check_arrows(read_source(path, include_line("\"" + target + "\""))));
}

std::string vendors(const std::string& path, const std::string& header) {
  return listed(check_vendor_headers(read_source(path, include_line("<" + header + ">"))));
}

std::string banned(const std::string& path, const std::string& code) {
  return listed(check_banned_words(read_source(path, code)));
}

std::string sizes(const std::string& path, const std::string& code) {
  return listed(check_sizes(read_source(path, code)));
}

std::string text(const std::string& line) {
  return listed(check_text(read_source("docs/a.md", line)));
}

std::string repeated(const std::string& part, int times) {
  std::string all;
  for (int i = 0; i < times; ++i)
    all += part;
  return all;
}

}  // namespace

TEST_CASE("Includes along the arrows pass") {
  CHECK(arrows("core/a.cpp", "core/b.hpp").empty());
  CHECK(arrows("probes/a.cpp", "core/b.hpp").empty());
  CHECK(arrows("collectives/mpi/a.cpp", "probes/b.hpp").empty());
  CHECK(arrows("netcheck/rules/a.cpp", "netcheck/b.hpp").empty());
  CHECK(arrows("netcheck/claims/a.cpp", "netcheck/claims/b.hpp").empty());
  CHECK(arrows("agent/a.cpp", "netcheck/claims/b.hpp").empty());
  CHECK(arrows("agent/a.cpp", "reports/b.hpp").empty());
  CHECK(arrows("tests/agent/a.cpp", "agent/b.hpp").empty());
  CHECK(arrows("agent/a.cpp", "podresources.pb.h").empty());
}

TEST_CASE("An include against an arrow names both rooms") {
  CHECK(arrows("core/a.cpp", "probes/b.hpp").find("core must not include probes") !=
        std::string::npos);
  CHECK_FALSE(arrows("probes/a.cpp", "collectives/b.hpp").empty());
  CHECK_FALSE(arrows("netcheck/a.cpp", "netcheck/claims/b.hpp").empty());
  CHECK_FALSE(arrows("netcheck/claims/a.cpp", "netcheck/b.hpp").empty());
  CHECK_FALSE(arrows("reports/a.cpp", "netcheck/b.hpp").empty());
  CHECK_FALSE(arrows("agent/a.cpp", "probes/b.hpp").empty());
  CHECK_FALSE(arrows("agent/a.cpp", "collectives/b.hpp").empty());
  CHECK_FALSE(arrows("collectives/a.cpp", "agent/b.hpp").empty());
  CHECK_FALSE(arrows("reports/a.cpp", "tests/support/b.hpp").empty());
}

TEST_CASE("An include must show its room") {
  CHECK(arrows("core/a.cpp", "a.hpp").find("from the root") != std::string::npos);
  CHECK_FALSE(arrows("core/a.cpp", "../core/a.hpp").empty());
}

TEST_CASE("Vendor headers stay in their rooms") {
  CHECK(vendors("probes/drivers/verbs/a.cpp", "infiniband/verbs.h").empty());
  CHECK(vendors("probes/drivers/ucx/a.hpp", "ucp/api/ucp.h").empty());
  CHECK(vendors("collectives/mpi/a.cpp", "mpi.h").empty());
  CHECK(vendors("tests/agent/a.cpp", "grpcpp/grpcpp.h").empty());
  CHECK(vendors("core/a.cpp", "vector").empty());
  for (const std::string header :
       {"infiniband/verbs.h", "rdma/rdma_cma.h", "ucp/api/ucp.h", "ucs/type/status.h", "hwloc.h",
        "cuda.h", "cuda_runtime.h", "nvml.h", "nccl.h", "mpi.h", "grpcpp/grpcpp.h", "curl/curl.h",
        "CLI/CLI.hpp", "prometheus/counter.h", "catch2/catch_test_macros.hpp"}) {
    INFO(header);
    CHECK_FALSE(vendors("core/a.cpp", header).empty());
  }
  CHECK_FALSE(vendors("netcheck/rules/a.cpp", "curl/curl.h").empty());
  CHECK_FALSE(vendors("agent/a.cpp", "mpi.h").empty());
}

TEST_CASE("Generated protocol headers count as gRPC's") {
  const auto line = include_line("\"podresources.grpc.pb.h\"");
  CHECK(check_vendor_headers(read_source("netcheck/claims/a.cpp", line)).empty());
  CHECK_FALSE(check_vendor_headers(read_source("netcheck/rules/a.cpp", line)).empty());
}

TEST_CASE("A main file may parse a command line anywhere") {
  const auto code = include_line("<CLI/CLI.hpp>") + "int main() {}\n";
  CHECK(check_vendor_headers(read_source("probes/main.cpp", code)).empty());
}

TEST_CASE("Banned words name what to take instead") {
  CHECK(banned("core/a.cpp", "void f() { throw 1; }\n").find("Result") != std::string::npos);
  CHECK(banned("core/a.cpp", "auto a = std::system(b);\n").find("ChildProcess") !=
        std::string::npos);
  for (const std::string code :
       {"::popen(a, b);", "sleep(1);", "usleep(1);", "std::this_thread::sleep_for(a);",
        "std::cout << 1;", "printf(a);", "std::printf(a);", "sprintf(a, b);", "strcpy(a, b);",
        "rand();", "std::getenv(a);", "atoi(a);", "return ::system(a);", "return rand();",
        "else sleep(1);"}) {
    INFO(code);
    CHECK_FALSE(banned("agent/a.cpp", code).empty());
  }
}

TEST_CASE("Words that only look banned pass") {
  for (const std::string code :
       {"// throw\n", "auto a = \"throw\";", "machine.system(a);", "clock->sleep(a);",
        "std::system_error a;", "std::rethrow_exception(a);", "void sleep_until(Deadline until);",
        "return sleep_until(deadline);", "other::rand(a);", "int sleep = 1;"}) {
    INFO(code);
    CHECK(banned("agent/a.cpp", code).empty());
  }
}

TEST_CASE("What is banned is allowed where it is at home") {
  CHECK(banned("core/clock.cpp", "std::this_thread::sleep_for(a);").empty());
  CHECK(banned("agent/x.cpp", "int main() { std::cout << std::getenv(a); }").empty());
  CHECK_FALSE(banned("agent/x.cpp", "int main() { std::system(a); }").empty());
}

TEST_CASE("A header does not open namespaces for others") {
  CHECK_FALSE(banned("core/a.hpp", "using namespace std;\n").empty());
  CHECK(banned("core/a.cpp", "using namespace std;\n").empty());
}

TEST_CASE("Code does not ask the preprocessor what was configured") {
  const auto check = [](const std::string& line) {
    return listed(check_directives(read_source("core/a.cpp", line)));
  };
  CHECK_FALSE(check("#ifdef PLUMBLINE_WITH_UCX\n#endif\n").empty());
  CHECK_FALSE(check("#if defined(PLUMBLINE_HAVE_MPI) && 1\n#endif\n").empty());
  CHECK(check("#ifdef __linux__\n#endif\n").empty());
}

TEST_CASE("A line, a file and a header have their limits") {
  CHECK(sizes("core/a.cpp", repeated("x", 100) + "\n").empty());
  CHECK_FALSE(sizes("core/a.cpp", repeated("x", 101) + "\n").empty());
  CHECK(sizes("core/a.cpp", "// " + repeated("\u00b5", 97) + "\n").empty());
  CHECK(sizes("core/a.cpp", repeated("\n", 400)).empty());
  CHECK_FALSE(sizes("core/a.cpp", repeated("\n", 401)).empty());
  CHECK(sizes("core/a.hpp", repeated("\n", 200)).empty());
  CHECK_FALSE(sizes("core/a.hpp", repeated("\n", 201)).empty());
}

TEST_CASE("A function has its limits") {
  CHECK(sizes("core/a.cpp", "void f() {\n" + repeated("a();\n", 68) + "}\n").empty());
  CHECK(
      sizes("core/a.cpp", "void f() {\n" + repeated("a();\n", 69) + "}\n").find("lines of f: 71") !=
      std::string::npos);
  CHECK(sizes("core/a.cpp", "void f(A a, A b, A c, A d, A e, A g) {}\n").empty());
  CHECK_FALSE(sizes("core/a.cpp", "void f(A a, A b, A c, A d, A e, A g, A h) {}\n").empty());
  CHECK(sizes("core/a.cpp", "void f() {" + repeated("if (a) {", 4) + repeated("}", 5)).empty());
  CHECK_FALSE(
      sizes("core/a.cpp", "void f() {" + repeated("if (a) {", 5) + repeated("}", 6)).empty());
}

TEST_CASE("Text carries no tabs, no trailing blanks and no leftover markers") {
  CHECK(text("a line\n").empty());
  CHECK_FALSE(text("a\tline\n").empty());
  CHECK_FALSE(text("a line \n").empty());
  CHECK_FALSE(text("a line\r\n").empty());
  CHECK_FALSE(text("// TO"
                   "DO: later\n")
                  .empty());
  CHECK_FALSE(text("FIX"
                   "ME\n")
                  .empty());
  CHECK(text("mktemp /tmp/a.XX"
             "XXXX\n")
            .empty());
}

TEST_CASE("A header starts with its guard") {
  const auto check = [](const std::string& path, const std::string& code) {
    return listed(check_header_guard(read_source(path, code)));
  };
  CHECK(check("core/a.hpp", "// why\n#pragma once\n").empty());
  CHECK_FALSE(check("core/a.hpp", "#include <vector>\n#pragma once\n").empty());
  CHECK_FALSE(check("core/a.hpp", "int a;\n").empty());
  CHECK(check("core/a.cpp", "int a;\n").empty());
}
