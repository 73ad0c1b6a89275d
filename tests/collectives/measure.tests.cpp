#include "collectives/measure.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <mutex>

#include "tests/collectives/ranks.hpp"

using namespace plumbline;
using namespace plumbline::collectives;
using Catch::Matchers::WithinRel;

namespace {

using Answers = std::vector<tl::expected<CollectiveResult, MeasureError>>;

MeasureJob job_of(std::uint64_t bytes) {
  MeasureJob job;
  job.operation.bytes = {bytes};
  job.budget.batch = {0.1};
  job.seed = 11;
  return job;
}

Answers measure_all(const MemoryWorld& world, const MeasureJob& job, Deadline deadline) {
  Answers answers(static_cast<std::size_t>(world.ranks), tl::unexpected(MeasureError{}));
  on_all_ranks(world, [&](Communicator& end) {
    SystemClock clock;
    answers[static_cast<std::size_t>(end.rank())] = measure(
        end, job, clock, [](const std::string&, double) {}, deadline);
  });
  return answers;
}

}  // namespace

TEST_CASE("All ranks come to the same verified number") {
  MemoryWorld world;
  world.ranks = GENERATE(2, 3, 4, 8);
  world.link = {1e7};
  const auto answers =
      measure_all(world, job_of(65'536), Deadline::after(std::chrono::seconds(60)));
  for (const auto& answer : answers) {
    REQUIRE(answer);
    CHECK_THAT(answer->measured.value, WithinRel(1e7, 1e-6));
    CHECK(answer->measured.batches.size() == answers[0]->measured.batches.size());
    CHECK(answer->runs == answers[0]->runs);
  }
  CHECK(answers[0]->measured.conclusive);
  CHECK(answers[0]->measured.batches.size() == 6);
  CHECK(answers[0]->measured.median.has_value());
}

TEST_CASE("One slow rank sets the rate of all") {
  MemoryWorld world;
  world.ranks = 4;
  world.link = {1e8};
  world.slow_rank = 2;
  world.slow_link = {2.5e7};
  const auto answers =
      measure_all(world, job_of(1 << 20), Deadline::after(std::chrono::seconds(60)));
  REQUIRE(answers[0]);
  CHECK_THAT(answers[0]->measured.value, WithinRel(2.5e7, 1e-6));
}

TEST_CASE("A corrupting rank is named, with element, expected and got, on every rank") {
  MemoryWorld world;
  world.ranks = GENERATE(2, 3, 4, 8);
  world.corrupting_rank = world.ranks - 1;
  world.corrupt_element = 1234;
  const auto answers =
      measure_all(world, job_of(65'536), Deadline::after(std::chrono::seconds(60)));
  for (const auto& answer : answers) {
    REQUIRE_FALSE(answer);
    CHECK(answer.error().error.code == ErrorCode::data_corrupt);
    const std::string blamed =
        "rank " + std::to_string(world.ranks - 1) + ": run 0, element 1234 is ";
    INFO(answer.error().error.message);
    CHECK(answer.error().error.message.find(blamed) != std::string::npos);
    CHECK(answer.error().error.message.find("64 KiB") != std::string::npos);
    CHECK(answer.error().error.message.find("rank 0:") == std::string::npos);
  }
}

TEST_CASE("Wrong elements are counted over all ranks and runs, and the ranks are suspects") {
  MemoryWorld world;
  world.ranks = 4;
  world.corrupting_rank = 1;
  MeasureJob job = job_of(65'536);
  job.fixed = FixedCounts{0, 5};
  const auto answers = measure_all(world, job, Deadline::after(std::chrono::seconds(60)));
  REQUIRE_FALSE(answers[3]);
  CHECK(answers[3].error().wrong == 5);
  CHECK(answers[3].error().suspects == std::vector<std::string>{"rank 1"});
}

TEST_CASE("Fixed counts run once, are timed one by one, and have no interval") {
  MemoryWorld world;
  world.ranks = 3;
  world.link = {1e7};
  MeasureJob job = job_of(30'000);
  job.fixed = FixedCounts{2, 7};
  const auto answers = measure_all(world, job, Deadline::after(std::chrono::seconds(60)));
  REQUIRE(answers[0]);
  const Measured& measured = answers[0]->measured;
  CHECK(answers[0]->runs == 9);
  CHECK_THAT(measured.value, WithinRel(1e7, 1e-6));
  CHECK_FALSE(measured.conclusive);
  CHECK(answers[0]->iterations.timed == 7);
  CHECK(answers[0]->iterations.ranks.size() == 3);
  CHECK_THAT(answers[0]->iterations.ranks[2][6], WithinRel(4e-3, 1e-6));
  CHECK_THAT(answers[0]->iterations.max, WithinRel(4e-3, 1e-6));
}

TEST_CASE("The rank that comes late to every run is named, and by how much") {
  MemoryWorld world;
  world.ranks = 4;
  world.link = {1e7};
  world.late_rank = 2;
  world.lateness = {0.02};
  MeasureJob job = job_of(65'536);
  job.fixed = FixedCounts{1, 20};
  const auto answers = measure_all(world, job, Deadline::after(std::chrono::seconds(60)));
  REQUIRE(answers[0]);
  const Iterations& iterations = answers[0]->iterations;
  CHECK(iterations.late == std::vector<int>{2});
  CHECK(iterations.lateness > 0.015);
  CHECK(iterations.clock_error < 0.02);
  // Its own time looks the shortest, which is why times name nobody.
  CHECK(iterations.ranks[2][5] <= iterations.ranks[0][5]);
}

TEST_CASE("A rank that stays away ends the others at their deadline") {
  MemoryWorld world;
  world.ranks = 3;
  world.silent_rank = 1;
  const auto answers =
      measure_all(world, job_of(65'536), Deadline::after(std::chrono::milliseconds(150)));
  REQUIRE_FALSE(answers[0]);
  CHECK(answers[0].error().error.code == ErrorCode::deadline_exceeded);
  CHECK(answers[0].error().error.message.find("rank 1") != std::string::npos);
  REQUIRE_FALSE(answers[2]);
  CHECK(answers[1].error().error.code == ErrorCode::cancelled);
}

TEST_CASE("A budget too small for six batches is never conclusive") {
  MemoryWorld world;
  world.link = {1e7};
  MeasureJob job = job_of(65'536);
  job.budget.bytes = {1};
  const auto answers = measure_all(world, job, Deadline::after(std::chrono::seconds(60)));
  REQUIRE(answers[0]);
  CHECK_FALSE(answers[0]->measured.conclusive);
  CHECK(answers[0]->measured.doubt.find("six are needed") != std::string::npos);
}

TEST_CASE("A batch's time is its slowest rank's, its windows are at least 50 ms") {
  Operation operation;
  operation.bytes = {1'000'000};
  const auto together =
      put_together(operation, 2, {{0.02, 0.02, 0.02, 0.10}, {0.01, 0.01, 0.04, 0.12}});
  CHECK_THAT(together.elapsed.value, WithinRel(0.18));
  REQUIRE(together.windows.size() == 2);
  CHECK_THAT(together.windows[0], WithinRel(3e6 / 0.08));
  CHECK_THAT(together.windows[1], WithinRel(1e6 / 0.12));
}
