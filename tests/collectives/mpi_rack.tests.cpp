// Real launches over a virtual rack. Runs on the rack's control host; tests/collectives/over_rack
// raises it and names it in PLUMBLINE_RACK.
#include <signal.h>

#include <catch2/catch_test_macros.hpp>

#include "agent/stage/mpi_launch.hpp"
#include "core/child.hpp"
#include "core/files.hpp"
#include "tests/collectives/processes.hpp"

using namespace plumbline;
using namespace plumbline::agent;

namespace {

constexpr double kUplink = 100e6 / 8;
constexpr double kNic = 200e6 / 8;

std::vector<std::string> nodes(int first, int last) {
  std::vector<std::string> names;
  for (int node = first; node <= last; ++node)
    names.push_back("node-" + std::to_string(node));
  return names;
}

MpiJob job_on(const MpiGroup& group, const std::string& rail) {
  const auto named = environment_of({"PLUMBLINE_RACK"});
  if (named.empty()) SKIP("no rack: tests/collectives/over_rack raises one and runs this");
  const std::string rack = named[0].substr(named[0].find('=') + 1);
  MpiJob job;
  job.rank_program = RANK_PROGRAM;
  job.mpi_agent = rack + "/mpi-agent";
  job.group = group;
  job.rail = rail;
  job.rail_subnet = rail == "rail-a" ? "10.70.1.0/24" : "10.70.2.0/24";
  job.management_subnet = "10.70.0.0/24";
  job.sizes = {{2U << 20U}};
  job.budget.time = {20};
  job.budget.width = 1;  // the machine is shared: what counts here is that it is right
  job.limit = {60};
  job.log = rack + "/logs/mpi.log";
  return job;
}

Result<std::vector<Outcome>> launch(const MpiJob& job, const MpiWatch& watch) {
  SystemClock clock;
  const auto log = quiet_log();
  return run_mpi(job, watch, *log, clock, Deadline::after(std::chrono::seconds(90)));
}

double measured_rate(const MpiGroup& group, const std::string& rail) {
  const MpiJob job = job_on(group, rail);
  const auto outcomes = launch(job, {});
  REQUIRE(outcomes);
  INFO(read_file(job.log).value_or(""));
  if (const Failed* failed = outcomes->front().failed()) FAIL(failed->error.message);
  const Measured* measured = outcomes->front().measured();
  REQUIRE(measured != nullptr);
  REQUIRE(measured->proof.size() == 1 + 2 * group.nodes.size());
  for (std::size_t i = 0; i < measured->proof.size(); ++i) {
    const Proof& proof = measured->proof[i];
    INFO(proof.at.node << ": " << proof.statement);
    CHECK(proof.holds);
    if (proof.kind == "counter") CHECK(proof.at.node == group.nodes[(i - 1) / 2]);
  }
  CHECK(ranks_running(RANK_PROGRAM).empty());
  return measured->value;
}

const Failed& only_failure(const Result<std::vector<Outcome>>& outcomes) {
  REQUIRE(outcomes);
  REQUIRE(outcomes->size() == 1);
  REQUIRE((*outcomes)[0].failed() != nullptr);
  return *(*outcomes)[0].failed();
}

}  // namespace

TEST_CASE("All nodes reduce over each rail no faster than an uplink, a rack faster than that") {
  for (const std::string rail : {"rail-a", "rail-b"}) {
    const double all = measured_rate({"all", nodes(1, 6)}, rail);
    CHECK(all > 0.3 * kUplink);
    CHECK(all < 1.0 * kUplink);
  }
  const double rack = measured_rate({"rack-2", nodes(3, 4)}, "rail-a");
  CHECK(rack > 0.3 * kNic);
  CHECK(rack < 1.0 * kNic);
}

TEST_CASE("A rank that hangs on a node is named with its node") {
  MpiJob job = job_on({"all", nodes(1, 6)}, "rail-a");
  job.limit = {8};
  job.budget.time = {60};
  job.budget.width = 1e-9;
  bool hit = false;
  const auto outcomes = launch(
      job, once_measuring(RANK_PROGRAM, 3, hit, [](pid_t process) { ::kill(process, SIGSTOP); }));
  CHECK(hit);
  const Failed& failed = only_failure(outcomes);
  INFO(failed.error.message);
  CHECK(failed.error.code == ErrorCode::deadline_exceeded);
  CHECK(failed.blamed == "node-4");
  CHECK(ranks_running(RANK_PROGRAM).empty());
}

TEST_CASE("A node's daemon that dies is named with its node, and nothing is left") {
  MpiJob job = job_on({"all", nodes(1, 6)}, "rail-b");
  job.budget.time = {60};
  job.budget.width = 1e-9;
  bool hit = false;
  const auto outcomes = launch(job, once_measuring(RANK_PROGRAM, 2, hit, [](pid_t process) {
                                 ::kill(parent_of(process), SIGKILL);
                               }));
  CHECK(hit);
  const Failed& failed = only_failure(outcomes);
  INFO(failed.error.message);
  CHECK(failed.blamed == "node-3");
  CHECK(ranks_running(RANK_PROGRAM).empty());
}

TEST_CASE("A node's daemon that hangs ends with the job, and nothing is left") {
  MpiJob job = job_on({"all", nodes(1, 6)}, "rail-b");
  job.limit = {8};
  job.budget.time = {60};
  job.budget.width = 1e-9;
  bool hit = false;
  const auto outcomes = launch(job, once_measuring(RANK_PROGRAM, 4, hit, [](pid_t process) {
                                 ::kill(parent_of(process), SIGSTOP);
                                 ::kill(process, SIGSTOP);
                               }));
  CHECK(hit);
  const Failed& failed = only_failure(outcomes);
  INFO(failed.error.message);
  CHECK(failed.error.code == ErrorCode::deadline_exceeded);
  CHECK(failed.blamed == "node-5");
  CHECK(ranks_running(RANK_PROGRAM).empty());
}
