#include "core/protocol/mpi_daemon.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace plumbline;
using Catch::Matchers::ContainsSubstring;

namespace {

/// As Open MPI 4.1.4 calls its rsh agent, behind the host; written down from a run.
std::vector<std::string> said() {
  return {" orted",
          "-mca",
          "orte_leave_session_attached",
          "\"1\"",
          "-mca",
          "ess",
          "\"env\"",
          "-mca",
          "ess_base_jobid",
          "\"1901592576\"",
          "-mca",
          "ess_base_vpid",
          "2",
          "-mca",
          "ess_base_num_procs",
          "\"4\"",
          "-mca",
          "orte_node_regex",
          "\"vm,plumbline-rank-[1:0-2]@0(4)\"",
          "-mca",
          "orte_hnp_uri",
          "\"1901592576.0;tcp://10.70.0.1,10.1.0.1:7452\"",
          "--mca",
          "plm_rsh_agent",
          "\"/usr/bin/plumbline-mpi-daemon /tmp/plm-1/pods\"",
          "-mca",
          "pmix",
          "\"^s1,s2,cray,isolated\""};
}

Request request() {
  Request request;
  request.probe = kMpiDaemon;
  request.options = daemon_options(*read_daemon_words(said()), "10.70.0.11");
  return request;
}

std::string refusal(const std::string& name, const std::string& value) {
  Request changed = request();
  changed.options[name] = value;
  const auto command = daemon_command(changed);
  return command ? "accepted" : command.error().message;
}

}  // namespace

TEST_CASE("What mpirun wants of a host is read down to five values") {
  const auto daemon = read_daemon_words(said());
  REQUIRE(daemon);
  CHECK(daemon->job == "1901592576");
  CHECK(daemon->number == "2");
  CHECK(daemon->daemons == "4");
  CHECK(daemon->nodes == "vm,plumbline-rank-[1:0-2]@0(4)");
  CHECK(daemon->launcher == "1901592576.0;tcp://10.70.0.1,10.1.0.1:7452");
}

TEST_CASE("Another program than orted, or words cut short, are refused") {
  auto words = said();
  words.front() = "sh";
  CHECK(!read_daemon_words(words));
  CHECK(!read_daemon_words({}));
  for (std::size_t length = 1; length < 22; ++length) {
    const auto all = said();
    const std::vector<std::string> cut(all.begin(),
                                       all.begin() + static_cast<std::ptrdiff_t>(length));
    const auto read = read_daemon_words(cut);
    REQUIRE(!read);
    CHECK_THAT(read.error().message, ContainsSubstring("missing"));
  }
}

TEST_CASE("The daemon's command has the checked values and settings of ours, and nothing else") {
  const auto command = daemon_command(request());
  REQUIRE(command);
  CHECK(command->program == "orted");
  const auto& words = command->arguments;
  CHECK(words.size() % 3 == 0);
  for (std::size_t at = 0; at < words.size(); at += 3)
    CHECK(words[at] == "-mca");
  const auto value = [&](const std::string& name) {
    const auto found = std::find(words.begin(), words.end(), name);
    return found == words.end() ? std::string() : *std::next(found);
  };
  CHECK(value("ess_base_vpid") == "2");
  CHECK(value("oob_tcp_if_include") == "10.70.0.11/32");
  CHECK(value("oob_tcp_dynamic_ipv4_ports") == "7460-7479");
  CHECK(value("plm_rsh_agent").empty());
}

TEST_CASE("A daemon's option that is missing, unknown or of another form is named") {
  CHECK_THAT(refusal("job", ""), ContainsSubstring("\"job\" is missing"));
  CHECK_THAT(refusal("job", "1 -mca"), ContainsSubstring("\"job\" is no number"));
  CHECK_THAT(refusal("daemon", "12345678901"), ContainsSubstring("\"daemon\" is no number"));
  CHECK_THAT(refusal("mca", "plm_rsh_agent"), ContainsSubstring("\"mca\" is no option"));
  for (const char* const nodes : {"-mca", "vm node", "vm;id", "$(id)", "a/b", "\"vm\""})
    CHECK_THAT(refusal("nodes", nodes), ContainsSubstring("\"nodes\""));
  for (const char* const launcher :
       {"1901592576.0;tcp://10.70.0.1:22", "7.0;tcp://10.70.0.1:7452",
        "1901592576.0;tcp://host:7452", "1901592576.0;tcp://:7452", "1901592576.0;tcp:7452",
        "1901592576.0;tcp://10.70.0.1,:7452", "1901592576.0;tcp://10.70.0.1:7452;tcp://1.1.1.1:1"})
    CHECK_THAT(refusal("launcher", launcher), ContainsSubstring("\"launcher\""));
  for (const char* const address : {"", "10.70.0", "::1", "10.70.0.1/0", "eth0"})
    CHECK_THAT(refusal("address", address), ContainsSubstring("\"address\""));
}
