// Real launches of local ranks over the loopback device.
#include "agent/stage/mpi_launch.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <filesystem>

#include "core/files.hpp"
#include "tests/collectives/processes.hpp"

using namespace plumbline;
using namespace plumbline::agent;

namespace {

namespace fs = std::filesystem;

/// A job of `ranks` local ranks with a log of its own.
class LocalJob {
 public:
  explicit LocalJob(int ranks) {
    std::string pattern = "/tmp/plumbline-test-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    job.rank_program = RANK_PROGRAM;
    job.group.name = "all";
    for (int rank = 0; rank < ranks; ++rank)
      job.group.nodes.push_back("local-" + std::to_string(rank));
    job.rail = "rail-a";
    job.rail_subnet = "127.0.0.0/8";
    job.sizes = {{1U << 20U}};
    job.budget.time = {2};
    job.budget.batch = {0.2};
    job.log = folder_ / "mpi.log";
  }
  LocalJob(const LocalJob&) = delete;
  LocalJob& operator=(const LocalJob&) = delete;
  ~LocalJob() { fs::remove_all(folder_); }

  std::string log() const { return read_file(job.log).value_or(""); }

  MpiJob job;

 private:
  fs::path folder_;
};

MpiWatch hit_rank(int rank, int signal, bool& hit) {
  return once_measuring(RANK_PROGRAM, rank, hit,
                        [signal](pid_t process) { ::kill(process, signal); });
}

bool nothing_left() { return ranks_running(RANK_PROGRAM).empty(); }

const Failed& only_failure(const Result<std::vector<Outcome>>& outcomes) {
  REQUIRE(outcomes);
  REQUIRE(outcomes->size() == 1);
  REQUIRE((*outcomes)[0].failed() != nullptr);
  return *(*outcomes)[0].failed();
}

}  // namespace

TEST_CASE("Local ranks over the loopback device give a verified, proven number") {
  for (const int ranks : {2, 4}) {
    LocalJob local(ranks);
    local.job.budget.time = {20};
    local.job.budget.width = 2;  // the machine is shared: any spread will do here
    SystemClock clock;
    const auto log = quiet_log();
    const auto outcomes =
        run_mpi(local.job, {}, *log, clock, Deadline::after(std::chrono::seconds(60)));
    INFO(local.log());
    REQUIRE(outcomes);
    REQUIRE(outcomes->size() == 1);
    if (const Failed* failed = outcomes->front().failed()) FAIL(failed->error.message);
    const Measured* measured = outcomes->front().measured();
    REQUIRE(measured != nullptr);
    CHECK(measured->value > 1e6);
    CHECK(measured->batches.size() >= 6);
    REQUIRE(measured->proof.size() == 1 + 2 * static_cast<std::size_t>(ranks));
    for (const Proof& proof : measured->proof) {
      INFO(proof.statement);
      CHECK(proof.holds);
    }
    CHECK(nothing_left());
  }
}

TEST_CASE("Every operation is right in every type, in and out of place, over MPI") {
  const std::string operation =
      GENERATE("all_reduce", "all_gather", "reduce_scatter", "broadcast", "reduce", "alltoall",
               "gather", "scatter", "sendrecv", "hypercube");
  LocalJob local(4);
  local.job.operation = operation;
  local.job.sizes = {{1000 * 16}};
  local.job.options = {{"type", "uint8,int64,half,float,f8e4m3"},
                       {"redop", operation == "all_reduce" ? "sum,prod,min,max,avg,mulsum" : "avg"},
                       {"root", "2"},
                       {"place", "both"},
                       {"iterations", "2"}};
  local.job.rail_subnet.clear();  // no counters to watch, which takes a quiet moment each
  local.job.limit = {100};
  SystemClock clock;
  const auto log = quiet_log();
  const auto outcomes =
      run_mpi(local.job, {}, *log, clock, Deadline::after(std::chrono::seconds(110)));
  INFO(local.log());
  REQUIRE(outcomes);
  CHECK(outcomes->size() >= 10);
  for (const Outcome& outcome : *outcomes) {
    INFO(outcome.key());
    if (const Failed* failed = outcome.failed()) FAIL_CHECK(failed->error.message);
    CHECK(outcome.measured() != nullptr);
  }
}

TEST_CASE("GPU memory over an MPI that does not reach there is skipped with that reason") {
  LocalJob local(2);
  local.job.options = {{"memory", "gpu"}, {"iterations", "1"}};
  SystemClock clock;
  const auto log = quiet_log();
  const auto outcomes =
      run_mpi(local.job, {}, *log, clock, Deadline::after(std::chrono::seconds(60)));
  INFO(local.log());
  REQUIRE(outcomes);
  REQUIRE(outcomes->size() == 1);
  const Skipped* const skipped = outcomes->front().skipped();
  if (skipped == nullptr) SKIP("this MPI is CUDA-aware, and there is a GPU");
  CHECK((skipped->reason.find("not CUDA-aware (MPIX_Query_cuda_support)") != std::string::npos ||
         skipped->reason.find("NVIDIA") != std::string::npos));
}

TEST_CASE("Every operation is right in GPU memory that the MPI reaches, by a stand-in driver") {
  const std::string operation =
      GENERATE("all_reduce", "all_gather", "reduce_scatter", "broadcast", "reduce", "alltoall",
               "gather", "scatter", "sendrecv", "hypercube");
  LocalJob local(4);
  local.job.operation = operation;
  local.job.sizes = {{1000 * 16}};
  local.job.options = {{"memory", "gpu"},  {"driver", STUB_CUDA}, {"type", "float,half"},
                       {"redop", "sum"},   {"root", "2"},         {"place", "both"},
                       {"iterations", "2"}};
  local.job.rail_subnet.clear();
  local.job.limit = {60};
  SystemClock clock;
  const auto log = quiet_log();
  const auto outcomes =
      run_mpi(local.job, {}, *log, clock, Deadline::after(std::chrono::seconds(70)));
  INFO(local.log());
  REQUIRE(outcomes);
  CHECK(outcomes->size() == 4);
  const bool reduces = operation.find("reduce") != std::string::npos;
  for (const Outcome& outcome : *outcomes) {
    INFO(outcome.key());
    if (const Failed* failed = outcome.failed()) FAIL_CHECK(failed->error.message);
    const bool own = reduces && outcome.parameters.at("type") == "half";
    CHECK((own ? outcome.skipped() != nullptr : outcome.measured() != nullptr));
    if (const Measured* measured = outcome.measured())
      CHECK(measured->proof[0].statement.find("in the memory of [") != std::string::npos);
  }
}

TEST_CASE("A corrupted result names rank, element, expected and got, and the rest is measured") {
  LocalJob local(3);
  local.job.sizes = {{4096}, {8192}};
  local.job.options = {{"iterations", "3"}, {"warmup", "0"}, {"fault", "corrupt:1:5"}};
  SystemClock clock;
  const auto log = quiet_log();
  const auto outcomes =
      run_mpi(local.job, {}, *log, clock, Deadline::after(std::chrono::seconds(60)));
  REQUIRE(outcomes);
  REQUIRE(outcomes->size() == 2);
  CHECK((*outcomes)[0].measured() != nullptr);
  const Failed* const failed = (*outcomes)[1].failed();
  REQUIRE(failed != nullptr);
  INFO(failed->error.message);
  CHECK(failed->error.code == ErrorCode::data_corrupt);
  CHECK(failed->error.message.find("rank 1: run 1, element 512 is ") != std::string::npos);
  CHECK(failed->error.message.find("gave 2 wrong elements on rank 1") != std::string::npos);
  CHECK(failed->error.message.ends_with("; suspected: rank 1"));
  CHECK(failed->blamed == "local-1");
}

TEST_CASE("A rank that comes late to every run is named by its arrivals") {
  LocalJob local(4);
  local.job.sizes = {{65536}};
  local.job.options = {{"iterations", "12"}, {"fault", "slow:2:1:200ms"}};
  local.job.limit = {40};
  SystemClock clock;
  const auto log = quiet_log();
  const auto outcomes =
      run_mpi(local.job, {}, *log, clock, Deadline::after(std::chrono::seconds(60)));
  REQUIRE(outcomes);
  const Measured* const measured = outcomes->front().measured();
  REQUIRE(measured != nullptr);
  const auto& counters = measured->counters;
  REQUIRE(counters.contains("late_rank"));
  CHECK(counters.at("late_rank") == 2);
  CHECK(counters.at("lateness") > counters.at("clock_error"));
}

TEST_CASE("A killed rank becomes one failed outcome that says so") {
  LocalJob local(3);
  local.job.budget.time = {20};
  bool hit = false;
  SystemClock clock;
  const auto log = quiet_log();
  const auto outcomes = run_mpi(local.job, hit_rank(1, SIGKILL, hit), *log, clock,
                                Deadline::after(std::chrono::seconds(60)));
  CHECK(hit);
  const Failed& failed = only_failure(outcomes);
  INFO(failed.error.message);
  CHECK(failed.error.message.find("signal 9") != std::string::npos);
  CHECK(failed.error.message.find("; suspected: rank 1 on local-1") != std::string::npos);
  CHECK(nothing_left());
}

TEST_CASE("A hung rank becomes one failed outcome that names it, and nothing is left") {
  LocalJob local(3);
  local.job.budget.time = {60};
  local.job.budget.width = 1e-9;
  local.job.limit = {5};
  bool hit = false;
  SystemClock clock;
  const auto log = quiet_log();
  const Moment start = clock.now();
  const auto outcomes = run_mpi(local.job, hit_rank(1, SIGSTOP, hit), *log, clock,
                                Deadline::after(std::chrono::seconds(60)));
  CHECK(hit);
  const Failed& failed = only_failure(outcomes);
  INFO(failed.error.message << "\n" << local.log());
  CHECK(failed.error.code == ErrorCode::deadline_exceeded);
  CHECK(failed.error.message.find("rank 1 did not answer, the others waited") != std::string::npos);
  CHECK(failed.blamed == "local-1");
  CHECK(failed.error.message.find("; suspected: rank 1 on local-1") != std::string::npos);
  CHECK(in_seconds(clock.now() - start).value < 20);
  CHECK(nothing_left());
}

TEST_CASE("A rank that stays away is named by the call it did not begin, long before the limit") {
  LocalJob local(4);
  local.job.sizes = {{65536}};
  local.job.limit = {100};
  local.job.options = {{"iterations", "50"}, {"stall", "2"}, {"fault", "delay:2:7:60s"}};
  SystemClock clock;
  const auto log = quiet_log();
  const Moment start = clock.now();
  const auto outcomes =
      run_mpi(local.job, {}, *log, clock, Deadline::after(std::chrono::seconds(60)));
  const Failed& failed = only_failure(outcomes);
  INFO(failed.error.message << "\n" << local.log());
  CHECK(failed.error.message.find("nothing ended for 2") != std::string::npos);
  CHECK(failed.error.message.find("rank 2 did not begin call") != std::string::npos);
  CHECK(failed.error.message.find("; suspected: rank 2 on local-2") != std::string::npos);
  CHECK(in_seconds(clock.now() - start).value < 30);
  CHECK(nothing_left());
}

TEST_CASE("A stopped launcher is ended with all its ranks") {
  LocalJob local(2);
  local.job.budget.time = {60};
  local.job.budget.width = 1e-9;
  bool hit = false;
  const MpiWatch watch = once_measuring(RANK_PROGRAM, 0, hit,
                                        [](pid_t process) { ::kill(parent_of(process), SIGSTOP); });
  SystemClock clock;
  const auto log = quiet_log();
  const auto outcomes =
      run_mpi(local.job, watch, *log, clock, Deadline::after(std::chrono::seconds(60)));
  CHECK(hit);
  const Failed& failed = only_failure(outcomes);
  CHECK(failed.error.code == ErrorCode::deadline_exceeded);
  CHECK(failed.error.message.find("silent for 3") != std::string::npos);
  CHECK(nothing_left());
}

TEST_CASE("A job that is called off ends at once") {
  LocalJob local(2);
  local.job.budget.time = {60};
  bool stop = false;
  MpiWatch watch;
  watch.progress = [&](const ProgressEvent&) { stop = true; };
  watch.cancelled = [&] { return stop; };
  SystemClock clock;
  const auto log = quiet_log();
  const auto outcomes =
      run_mpi(local.job, watch, *log, clock, Deadline::after(std::chrono::seconds(60)));
  CHECK(only_failure(outcomes).error.code == ErrorCode::cancelled);
  CHECK(nothing_left());
}

TEST_CASE("Ranks and launcher die with whoever started them") {
  LocalJob local(2);
  local.job.budget.time = {60};
  local.job.budget.width = 1e-9;
  const pid_t stage = ::fork();
  if (stage == 0) {  // a stage that is killed in the middle of its job
    MpiWatch watch;
    watch.progress = [](const ProgressEvent& progress) {
      if (progress.step.find("batch") != std::string::npos) ::kill(::getpid(), SIGKILL);
    };
    SystemClock clock;
    const auto log = quiet_log();
    static_cast<void>(
        run_mpi(local.job, watch, *log, clock, Deadline::after(std::chrono::seconds(60))));
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(stage, &status, 0);
  CHECK(WIFSIGNALED(status));
  SystemClock clock;
  const Deadline soon = Deadline::after(std::chrono::seconds(5));
  while (!nothing_left() && !soon.passed())
    clock.wait_until(clock.now() + std::chrono::milliseconds(50));
  CHECK(nothing_left());
}

TEST_CASE("A launcher that is not there is an error, one that cannot launch a failed outcome") {
  LocalJob local(2);
  SystemClock clock;
  const auto log = quiet_log();
  local.job.mpirun = "/no/such/mpirun";
  const auto missing =
      run_mpi(local.job, {}, *log, clock, Deadline::after(std::chrono::seconds(20)));
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::not_found);
  local.job.mpirun = "mpirun";
  local.job.rank_program = "/no/such/rank";
  const auto outcomes =
      run_mpi(local.job, {}, *log, clock, Deadline::after(std::chrono::seconds(20)));
  const Failed& failed = only_failure(outcomes);
  CHECK(failed.error.code == ErrorCode::unavailable);
  CHECK(failed.error.message.find("last words") != std::string::npos);
}
