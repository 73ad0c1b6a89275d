#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "agent/stage/mpi_evidence.hpp"
#include "agent/stage/mpi_launch.hpp"
#include "collectives/plan.hpp"

using namespace plumbline;
using namespace plumbline::agent;

namespace {

MpiJob job_of() {
  MpiJob job;
  job.rank_program = "/opt/plumbline-rank-mpi";
  job.mpi_agent = "/rack/mpi-agent";
  job.group = {"rack-2", {"node-3", "node-4"}};
  job.rail = "rail-a";
  job.rail_subnet = "10.70.1.0/24";
  job.management_subnet = "10.70.0.0/24";
  return job;
}

std::vector<std::string> words_of(const MpiJob& job, bool root) {
  return mpi_command(job, "/tmp/plm-1/request.json", "/tmp/plm-1", root, {}).arguments;
}

bool has(const std::vector<std::string>& words, const std::vector<std::string>& part) {
  return std::search(words.begin(), words.end(), part.begin(), part.end()) != words.end();
}

Failed timed_out() { return {{ErrorCode::deadline_exceeded, "not finished after 20 s"}, ""}; }

const std::vector<std::string> kNodes{"node-1", "node-2", "node-3"};

}  // namespace

TEST_CASE("The command pins ranks, transport, rail, launcher's network and algorithm") {
  const auto words = words_of(job_of(), false);
  CHECK(has(words, {"-np", "2"}));
  CHECK(has(words, {"--host", "node-3:1,node-4:1", "--map-by", "ppr:1:node"}));
  CHECK(has(words, {"--mca", "btl", "tcp,self"}));
  CHECK(has(words, {"--mca", "btl_tcp_if_include", "10.70.1.0/24"}));
  CHECK(has(words, {"--mca", "oob_tcp_if_include", "10.70.0.0/24"}));
  CHECK(has(words, {"--mca", "coll_tuned_use_dynamic_rules", "1"}));
  CHECK(has(words, {"--mca", "coll_tuned_allreduce_algorithm", "4"}));
  CHECK(has(words, {"--mca", "coll_tuned_reduce_scatter_algorithm", "3"}));
  CHECK(has(words, {"--mca", "coll_tuned_bcast_algorithm_segmentsize", "65536"}));
  CHECK(has(words, {"--mca", "pml", "ob1"}));
  CHECK(has(words, {"--mca", "plm_rsh_agent", "/rack/mpi-agent"}));
  CHECK(has(words, {"--mca", "orte_tmpdir_base", "/tmp/plm-1"}));
  CHECK(has(words, {"/opt/plumbline-rank-mpi", "/tmp/plm-1/request.json"}));
  CHECK(words.back() == "/tmp/plm-1/request.json");
}

TEST_CASE("Ranks in pods have hosts that are nobody's, and every port is bounded") {
  MpiJob job = job_of();
  job.mpi_agent = "/usr/bin/plumbline-mpi-daemon";
  job.pod_socket = "/tmp/plm-2/pods";
  const auto words = words_of(job, false);
  CHECK(has(words, {"--host", "plumbline-rank-0:1,plumbline-rank-1:1"}));
  CHECK(has(words, {"--mca", "plm_rsh_agent", "/usr/bin/plumbline-mpi-daemon /tmp/plm-2/pods"}));
  CHECK(has(words, {"--mca", "oob_tcp_static_ipv4_ports", "7452"}));
  CHECK(has(words, {"--mca", "btl_tcp_port_min_v4", "7480"}));
  CHECK(has(words, {"--mca", "btl_tcp_port_range_v4", "20"}));
  CHECK(has(words, {"--wdir", "/tmp"}));
  CHECK(mpi_identities(job)[0].key() == mpi_identities(job_of())[0].key());
  CHECK(mpi_request(job).ends.front().node == "node-3");
}

TEST_CASE("A control arm allows one transport and is part of the identity") {
  MpiJob job = job_of();
  job.transport = "shared_memory";
  CHECK(has(words_of(job, false), {"--mca", "btl", "vader,self"}));
  CHECK(mpi_identities(job)[0].parameters.at("transport") == "shared_memory");
  CHECK(collectives::identities(mpi_request(job))[0].key() == mpi_identities(job)[0].key());
  job.transport = "no_shared_memory";
  CHECK(has(words_of(job, false), {"--mca", "btl", "^vader,sm"}));
  job.transport = "sockets";
  CHECK(has(words_of(job, false), {"--mca", "btl", "tcp,self"}));
}

TEST_CASE("Slurm starts the same ranks with the same settings, which go by the environment") {
  MpiJob job = job_of();
  job.mpirun = "/usr/bin/srun";
  job.group.nodes = {"n1", "n1", "n2", "n2"};
  const ChildCommand command = mpi_command(job, "{}", "/s", true, {"PATH=/bin"});
  CHECK(command.program == "/usr/bin/srun");
  CHECK(has(command.arguments, {"--mpi=pmix"}));
  CHECK(has(command.arguments, {"--ntasks=4", "--ntasks-per-node=2"}));
  CHECK(has(command.arguments, {"--nodes=2", "--nodelist=n1,n2"}));
  CHECK(has(command.arguments, {"/opt/plumbline-rank-mpi", "{}"}));
  CHECK(has(command.environment, {"PATH=/bin"}));
  CHECK(has(command.environment, {"OMPI_MCA_btl=tcp,self"}));
  for (const std::string& word : command.environment)
    CHECK_FALSE(word.starts_with("OMPI_MCA_plm_"));
}

TEST_CASE("A request travels as a word, a huge one as a file") {
  MpiJob job = job_of();
  CHECK(request_word(job, "/tmp/r").starts_with("{"));
  job.group.nodes.assign(4000, "a-node-with-a-rather-long-name");
  CHECK(request_word(job, "/tmp/r") == "/tmp/r");
}

TEST_CASE("Open MPI is told of root only by root") {
  CHECK_FALSE(has(words_of(job_of(), false), {"--allow-run-as-root"}));
  CHECK(has(words_of(job_of(), true), {"--allow-run-as-root"}));
}

TEST_CASE("A block of the ring needs no asking, up to 4 MiB") {
  MpiJob job = job_of();
  job.sizes = {{1U << 20U}};
  CHECK(has(words_of(job, false), {"--mca", "btl_tcp_eager_limit", "589824"}));
  job.sizes = {{1U << 30U}};
  CHECK(has(words_of(job, false), {"--mca", "btl_tcp_eager_limit", "4194304"}));
}

TEST_CASE("Without an agent the ranks run on this machine") {
  MpiJob job = job_of();
  job.mpi_agent.clear();
  const auto words = words_of(job, false);
  CHECK_FALSE(has(words, {"--host"}));
  CHECK_FALSE(has(words, {"plm_rsh_agent"}));
}

TEST_CASE("The launcher gets no environment but what is named") {
  const auto names = mpi_environment();
  CHECK(std::find(names.begin(), names.end(), "PATH") != names.end());
  const auto command = mpi_command(job_of(), "/r", "/s", false, {"PATH=/bin"});
  CHECK(command.environment == std::vector<std::string>{"PATH=/bin"});
}

TEST_CASE("Request and identity say the same") {
  const MpiJob job = job_of();
  const Request request = mpi_request(job);
  CHECK(request.size == 2);
  CHECK(request.ends[1].node == "node-4");
  CHECK(request.options.at("subnet") == "10.70.1.0/24");
  REQUIRE(mpi_identities(job).size() == 1);
  CHECK(mpi_identities(job)[0].key() ==
        "all_reduce|/@rail-a|/@rail-a|group=rack-2,ranks=2,size=4194304");
}

TEST_CASE("The launcher and the ranks make the same identities of a request") {
  MpiJob job = job_of();
  const std::vector<std::map<std::string, std::string>> all{
      {},
      {{"type", "float,half"}, {"redop", "sum,max"}, {"root", "1"}, {"place", "both"}},
      {{"place", "in"}, {"type", "int8"}}};
  for (const char* operation : {"all_reduce", "alltoall", "reduce", "broadcast"}) {
    for (const auto& options : all) {
      job.operation = operation;
      job.options = options;
      job.sizes = {{64}, {1024}};
      const Request request = mpi_request(job);
      const auto ours = mpi_identities(job);
      const auto theirs = collectives::identities(request);
      REQUIRE(ours.size() == theirs.size());
      for (std::size_t i = 0; i < ours.size(); ++i)
        CHECK(ours[i].key() == theirs[i].key());
    }
  }
}

TEST_CASE("A job that is not pinned leaves transport and algorithm to the library") {
  MpiJob job = job_of();
  job.pinned = false;
  const auto words = words_of(job, false);
  CHECK_FALSE(has(words, {"btl"}));
  CHECK_FALSE(has(words, {"coll_tuned_allreduce_algorithm"}));
  CHECK(has(words, {"mpi_yield_when_idle", "1"}));
}

TEST_CASE("Groups are all nodes rack by rack, and every rack of two or more") {
  const std::vector<std::pair<std::string, std::string>> racks{{"node-4", "rack-2"},
                                                               {"node-1", "rack-1"},
                                                               {"node-3", "rack-2"},
                                                               {"node-2", "rack-1"},
                                                               {"node-5", "rack-3"}};
  const auto groups = mpi_groups(racks, {"all", "rack"});
  REQUIRE(groups.size() == 3);
  CHECK(groups[0].name == "all");
  CHECK(groups[0].nodes ==
        std::vector<std::string>{"node-1", "node-2", "node-3", "node-4", "node-5"});
  CHECK(groups[1].name == "rack-1");
  CHECK(groups[2].nodes == std::vector<std::string>{"node-3", "node-4"});
  CHECK(mpi_groups({{"node-1", "rack-1"}}, {"all", "rack"}).empty());
}

TEST_CASE("The one silent rank among witnesses is blamed") {
  const auto evidence = read_evidence(
      "plumbline-rank-mpi: rank 0 on node-1 gave up: not finished after 20 s, while batch 2\n"
      "----------\nplumbline-rank-mpi: rank 2 on node-3 gave up: not finished after 20 s\n"
      "plumbline-rank-mpi: rank 1 on node-2 was stopped: not finished after 20 s\n");
  const Failed failed = explain(timed_out(), evidence, kNodes);
  CHECK(failed.blamed == "node-2");
  CHECK(failed.error.message ==
        "not finished after 20 s; rank 1 did not answer, the others waited; suspected: rank 1 on "
        "node-2");
}

TEST_CASE("Two silent ranks are both named and nobody is blamed") {
  const auto evidence = read_evidence("plumbline-rank-mpi: rank 0 on node-1 gave up: x\n");
  const Failed failed = explain(timed_out(), evidence, kNodes);
  CHECK(failed.blamed.empty());
  CHECK(failed.error.message.find("rank 1, rank 2 did not answer") != std::string::npos);
}

TEST_CASE("Of ranks that all answer, the one that did not begin the others' call is blamed") {
  const auto evidence = read_evidence(
      "plumbline-rank-mpi: rank 0 on node-1 gave up: x, while batch 2; began 41 ended 40\n"
      "plumbline-rank-mpi: rank 1 on node-2 gave up: x, while batch 2; began 40 ended 40\n"
      "plumbline-rank-mpi: rank 2 on node-3 gave up: x, while batch 2; began 41 ended 40\n");
  const Failed failed = explain(timed_out(), evidence, kNodes);
  CHECK(failed.blamed == "node-2");
  CHECK(failed.error.message.ends_with("; suspected: rank 1 on node-2"));
  CHECK(failed.error.message.find("rank 1 did not begin call 41") != std::string::npos);
}

TEST_CASE("Steps of NCCL at the end of last words are read, and half of them are not") {
  const auto evidence = read_evidence(
      "plumbline-rank: rank 0 on a gave up: x, while running; began 4 ended 3; steps untaken 2 "
      "unsent 3 to 5 waiting 7\n"
      "plumbline-rank: rank 1 on b gave up: x; began 4 ended 3; steps untaken 2 unsent\n"
      "plumbline-rank: rank 2 on b gave up: x; began 4 ended 3; steps untaken 0 unsent 1 to -1 "
      "waiting 0\n");
  const auto& first = evidence.told.at(0);
  REQUIRE(first.steps);
  CHECK(first.steps->untaken == 2);
  CHECK(first.steps->unsent == 3);
  CHECK(first.steps->unsent_to == 5);
  CHECK(first.steps->waiting == 7);
  CHECK(first.ended == 3);
  CHECK_FALSE(evidence.told.at(1).steps);
  CHECK(evidence.told.at(2).steps->unsent_to == -1);
}

TEST_CASE("A rank that the launcher saw die is named with its node") {
  const auto evidence = read_evidence(
      "mpirun noticed that process rank 1 with PID 0 on node node-2 exited on signal 9 "
      "(Killed).\n");
  const Failed failed = explain({{ErrorCode::unavailable, "ended early"}, ""}, evidence, kNodes);
  CHECK(failed.blamed == "node-2");
  CHECK(failed.error.message.find("exited on signal 9") != std::string::npos);
}

TEST_CASE("A lost daemon is named with its node") {
  const auto evidence = read_evidence(
      "ORTE has lost communication with a remote daemon.\n\n"
      "  HNP daemon   : [[30,0],0] on node control\n"
      "  Remote daemon: [[30,0],2] on node node-2\n");
  CHECK(explain(timed_out(), evidence, kNodes).blamed == "node-2");
}

TEST_CASE("A rank's own complaint is quoted, and else the last line") {
  auto evidence = read_evidence("plumbline-rank-mpi: rank 2: MPI_Init: no path\n----\n");
  CHECK(explain(timed_out(), evidence, kNodes).error.message ==
        "not finished after 20 s; rank 2: MPI_Init: no path");
  evidence = read_evidence("There are not enough slots\n------\n");
  CHECK(explain(timed_out(), evidence, kNodes).error.message ==
        "not finished after 20 s; its last words: There are not enough slots");
}

TEST_CASE("Hostile words in the log are only words") {
  const auto evidence = read_evidence(
      "plumbline-rank-mpi: rank x gave up: \nplumbline-rank-mpi: rank 999999999999 gave up: \n"
      "noticed that process rank\n");
  CHECK(evidence.told.empty());
  CHECK(evidence.dead_node.empty());
}
