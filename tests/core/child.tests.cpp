#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <filesystem>

#include "core/child.hpp"
#include "core/files.hpp"

using namespace plumbline;
using namespace std::chrono_literals;

namespace {

ChildProcess shell(const std::string& script) {
  auto child = ChildProcess::start({"/bin/sh", {"-c", script}, {"PATH=/usr/bin:/bin"}});
  REQUIRE(child.has_value());
  return std::move(*child);
}

/// True as soon as the process is gone or a zombie; false when it lives on for `span`.
bool gone_within(pid_t process, std::chrono::nanoseconds span) {
  const Deadline deadline = Deadline::after(span);
  const auto gone = [&] {
    const auto stat = FileTree("/proc").read(std::to_string(process) + "/stat");
    return !stat || stat->find(") Z") != std::string::npos;
  };
  while (!gone() && !deadline.passed()) {
  }
  return gone();
}

std::size_t open_descriptors() { return FileTree("/proc/self").list("fd")->size(); }

}  // namespace

TEST_CASE("A child answers line by line and its exit status is told") {
  auto child = shell("read word; echo \"got $word\"; exit 3");
  REQUIRE(child.write_line("plumb", Deadline::after(5s)).has_value());
  CHECK(child.read_line(Deadline::after(5s)).value() == "got plumb");
  CHECK(child.read_line(Deadline::after(5s)).value() == std::nullopt);
  CHECK(child.wait(Deadline::after(5s))->status == 3);
}

TEST_CASE("A program that does not exist is an error that names it, not a child") {
  const auto child = ChildProcess::start({"/nowhere/plumbline-probe", {}, {}});
  REQUIRE_FALSE(child.has_value());
  CHECK(child.error().code == ErrorCode::not_found);
  CHECK(child.error().message.find("/nowhere/plumbline-probe") != std::string::npos);
}

TEST_CASE("A silent child is an error at the deadline and can still be killed") {
  auto child = shell("exec sleep 1000");
  const auto line = child.read_line(Deadline::after(50ms));
  REQUIRE_FALSE(line.has_value());
  CHECK(line.error().code == ErrorCode::deadline_exceeded);
  CHECK(child.kill().signal == SIGKILL);
}

TEST_CASE("A stopped child is seen as stopped and dies by kill") {
  auto child = shell("kill -STOP $$; echo never");
  const Deadline deadline = Deadline::after(5s);
  while (child.state() != 'T' && !deadline.passed()) {
    (void)child.read_line(Deadline::after(10ms));
  }
  CHECK(child.state() == 'T');
  CHECK(child.kill().signal == SIGKILL);
}

TEST_CASE("Grandchildren die with the child's group") {
  auto child = shell("sleep 1000 & echo $!; exec sleep 1000");
  const auto line = child.read_line(Deadline::after(5s));
  const pid_t grandchild = std::stoi(line.value().value());
  child.kill();
  CHECK(gone_within(grandchild, 5s));
}

TEST_CASE("A child whose leader leaves does not leave its group behind") {
  auto child = shell("sleep 1000 & echo $!; exit 0");
  const pid_t grandchild = std::stoi(child.read_line(Deadline::after(5s)).value().value());
  CHECK(child.wait(Deadline::after(5s))->status == 0);
  CHECK(gone_within(grandchild, 5s));
}

TEST_CASE("Writing to a child that is gone is an error, not a signal") {
  auto child = shell("exit 0");
  CHECK(child.wait(Deadline::after(5s)).has_value());
  Status wrote;
  for (int attempt = 0; attempt < 3 && wrote; ++attempt) {
    wrote = child.write_line("anybody?", Deadline::after(1s));
  }
  CHECK_FALSE(wrote.has_value());
}

TEST_CASE("A child gets only the environment that is named") {
  ::setenv("PLUMBLINE_TEST_SECRET", "token", 1);
  auto child = ChildProcess::start({"/usr/bin/env", {}, environment_of({"PATH"})});
  REQUIRE(child.has_value());
  std::string all;
  while (const auto line = child->read_line(Deadline::after(5s)).value())
    all += *line + "\n";
  CHECK(all.find("PATH=") != std::string::npos);
  CHECK(all.find("PLUMBLINE_TEST_SECRET") == std::string::npos);
}

TEST_CASE("Children leave no descriptor open") {
  const std::size_t before = open_descriptors();
  for (int round = 0; round < 20; ++round) {
    auto child = shell("echo one");
    (void)child.read_line(Deadline::after(5s));
    (void)ChildProcess::start({"/nowhere/at-all", {}, {}});
  }
  CHECK(open_descriptors() == before);
}
