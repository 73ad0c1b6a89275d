#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>

#include "agent/command/outcome_table.hpp"
#include "core/files.hpp"
#include "core/json/codec.hpp"
#include "netcheck/claims/archive.hpp"
#include "tests/agent/support/pki.hpp"
#include "tests/agent/support/programs.hpp"

using namespace plumbline;
using namespace plumbline::agent::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

Ran plumbline_with(const std::vector<std::string>& arguments) {
  return run(PLUMBLINE_PROGRAM, arguments);
}

}  // namespace

TEST_CASE("A runner that waits is told the end, also of a stage that could not begin") {
  const Scratch folder;
  const auto results = folder.path() / "results";
  const auto done = folder.path() / "done";
  const auto ran = plumbline_with({"stage", "-f", "/nowhere/stage.yaml", "--results",
                                   results.string(), "--done", done.string()});
  CHECK(ran.status == 64);
  const auto archive = read_file(done);
  REQUIRE(archive.has_value());
  CHECK(*archive == (folder.path() / "plumbline.tar.gz").string());
  const auto files = netcheck::claims::read_archive(read_file(*archive).value());
  REQUIRE(files.has_value());
  REQUIRE(files->size() == 1);
  CHECK(files->front().first == "error.txt");
  CHECK_THAT(files->front().second, ContainsSubstring("/nowhere/stage.yaml"));
}

TEST_CASE("Wrong flags end with 64 and one line that says where help is") {
  const std::vector<std::vector<std::string>> lines{
      {},
      {"nonsense"},
      {"inventory", "--no-such-flag"},
      {"inventory", "-o", "yaml"},
      {"probe", "no_such_probe"},
      {"probe", "--budget", "0"},
      {"stage"},
      {"stage", "--file", "stage.yaml"},
      {"check", "/nowhere"},
      {"check"},
      {"check", "/tmp", "--in-cluster"},
      {"collect"},
      {"collect", "/nowhere"},
      {"report", "/nowhere"},
      {"pair", "node-1"},
      {"collective"},
      {"collective", "allreduce"},
      {"collective", "all_reduce", "-o", "yaml"},
      {"collective", "all_reduce", "-b", "2M", "-e", "1M"},
      {"collective", "all_reduce", "-D", "1"},
      {"collective", "all_reduce", "-m", "2"},
      {"collective", "all_reduce", "--transport", "pigeon"},
      {"collective", "all_reduce", "--agents", "/nowhere/stage.yaml"},
      {"collective", "all_reduce", "--split", "rack"},
      {"agent", "--node", "node-1"},
      {"sweep", "--run", "A/B"},
      {"sweep", "--namespace", "Plumb"},
      {"sweep", "--kubeconfig", "/nowhere/config"},
      {"inventory", "--log-level", "loud"},
      {"agent", "--node", "n", "--listen", "host:1", "--tls-ca", "a", "--tls-cert", "b",
       "--tls-key", "c"}};
  for (const auto& line : lines) {
    const auto ran = plumbline_with(line);
    INFO(ran.err);
    CHECK(ran.status == 64);
    CHECK(ran.out.empty());
    CHECK(ran.err.starts_with("plumbline: "));
    CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
    CHECK_THAT(ran.err, ContainsSubstring("--help"));
  }
}

TEST_CASE("Every command explains itself with an example") {
  const std::vector<std::string> names{"inventory", "probe", "pair",    "agent",
                                       "stage",     "check", "collect", "report"};
  for (const auto& name : names) {
    const auto ran = plumbline_with({name, "--help"});
    CHECK(ran.status == 0);
    CHECK_THAT(ran.out, ContainsSubstring("Example:\n  plumbline " + name));
    CHECK_THAT(ran.out, ContainsSubstring("--log-format"));
  }
}

TEST_CASE("The version is told") {
  const auto ran = plumbline_with({"--version"});
  CHECK(ran.status == 0);
  CHECK(ran.out.starts_with("plumbline "));
}

TEST_CASE("Files that are not there are the user's to mend") {
  const Scratch scratch;
  const auto stage = plumbline_with(
      {"stage", "-f", "/nowhere/stage.yaml", "--results", (scratch / "results").string()});
  CHECK(stage.status == 64);
  CHECK_THAT(stage.err, ContainsSubstring("/nowhere/stage.yaml"));
  const auto report = plumbline_with({"report", scratch.path().string()});
  CHECK(report.status == 64);
  CHECK_THAT(report.err, ContainsSubstring("report.json"));
  const auto agent =
      plumbline_with({"agent", "--node", "n", "--listen", "127.0.0.1:0", "--tls-ca",
                      "/nowhere/ca.pem", "--tls-cert", "b", "--tls-key", "c", "--allow-peer-subnet",
                      "10.70.1.0/24", "--allow-peer-subnet", "10.70.2.0/24"});
  CHECK(agent.status == 64);
  CHECK_THAT(agent.err, ContainsSubstring("/nowhere/ca.pem"));
}

TEST_CASE("A coordinator's certificate does not make an agent") {
  const Scratch scratch;
  const Pki pki(scratch / "pki");
  const auto tls = pki.issue("node-1", "coordinator");
  const auto ran = plumbline_with({"agent", "--node", "node-1", "--listen", "127.0.0.1:0",
                                   "--tls-ca", tls.ca.string(), "--tls-cert",
                                   tls.certificate.string(), "--tls-key", tls.key.string()});
  CHECK(ran.status == 70);
  CHECK_THAT(ran.err, ContainsSubstring("has the role coordinator"));
}

TEST_CASE("An inventory is a tree for people and JSON for programs") {
  const auto tree = plumbline_with({"inventory", "--probe", PLUMBLINE_FAKE_PROBE});
  INFO(tree.err);
  CHECK(tree.status == 0);
  CHECK_THAT(tree.out, ContainsSubstring("fake"));
  const auto text = plumbline_with({"inventory", "-o", "json", "--probe", PLUMBLINE_FAKE_PROBE});
  const auto parsed = nlohmann::json::parse(text.out, nullptr, false);
  REQUIRE(parsed.is_object());
  CHECK(parsed["schema"] == "plumbline.inventory/v1");
  CHECK(parsed["topology"]["kernel"] == "fake");
}

TEST_CASE("A node's own paths are a table, and nothing measured is not a pass") {
  const auto good = plumbline_with({"probe", "memory_copy", "--probe", PLUMBLINE_FAKE_PROBE});
  INFO(good.err);
  CHECK(good.status == 0);
  CHECK_THAT(good.out, ContainsSubstring("memory_copy") && ContainsSubstring("GB/s"));
  const auto bad = plumbline_with({"probe", "--probe", "/nowhere/probe", "-o", "json"});
  CHECK(bad.status == 2);
  const auto parsed = nlohmann::json::parse(bad.out, nullptr, false);
  REQUIRE(parsed.is_object());
  CHECK(parsed["schema"] == "plumbline.outcomes/v1");
  CHECK(parsed["outcomes"].size() == 2);
  CHECK(parsed["outcomes"][0]["status"] == "failed");
}

TEST_CASE("No outcomes, or one without a sure number, are not a pass") {
  CHECK(agent::outcome_exit_code({}) == 2);
  Outcome outcome;
  Measured measured;
  measured.conclusive = true;
  outcome.result = measured;
  CHECK(agent::outcome_exit_code({outcome}) == 0);
  measured.conclusive = false;
  outcome.result = measured;
  CHECK(agent::outcome_exit_code({outcome}) == 2);
  outcome.result = Skipped{"no"};
  CHECK(agent::outcome_exit_code({outcome}) == 2);
}

TEST_CASE("A finished stage's report is written again in any form") {
  const Scratch scratch;
  Report report;
  report.stage = "virtual-rack";
  report.verdict = StageVerdict::fail;
  REQUIRE(write_file(scratch / "report.json", json::encode(report)));
  for (const auto* const form : {"table", "json", "html", "junit"}) {
    const auto ran = plumbline_with({"report", scratch.path().string(), "--form", form});
    INFO(ran.err);
    CHECK(ran.status == 0);
    CHECK_THAT(ran.out, ContainsSubstring("virtual-rack"));
  }
}

TEST_CASE("A bundle without anything in it is judged, and is no pass") {
  const Scratch scratch;
  REQUIRE(write_file(scratch / "nodes.json", R"({"kind":"List","apiVersion":"v1","items":[]})"));
  const auto ran = plumbline_with({"check", scratch.path().string(), "-o", "json"});
  INFO(ran.err << ran.out);
  CHECK(ran.status == 2);
  const auto parsed = nlohmann::json::parse(ran.out, nullptr, false);
  REQUIRE(parsed.is_object());
  CHECK(parsed["verdict"] == "inconclusive");
}
