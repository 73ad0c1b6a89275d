#include "collectives/rank_job.hpp"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <cmath>

#include "tests/collectives/ranks.hpp"

using namespace plumbline;
using namespace plumbline::collectives;

namespace {

Request request_of(int ranks, std::vector<Bytes> sizes) {
  Request request;
  request.probe = "all_reduce";
  request.size = ranks;
  for (int rank = 0; rank < ranks; ++rank)
    request.ends.push_back({"node-" + std::to_string(rank + 1), "", "rail-a"});
  request.sizes = std::move(sizes);
  request.budget.batch = {0.1};
  request.options = {{"group", "all"}, {"rail", "rail-a"}};
  return request;
}

struct Heard {
  std::vector<Outcome> outcomes;  ///< rank 0's
  std::vector<Status> ends;
};

Heard run_all(const MemoryWorld& world, const Request& request) {
  Heard heard;
  heard.ends.resize(static_cast<std::size_t>(world.ranks));
  on_all_ranks(world, [&](Communicator& end) {
    SystemClock clock;
    RankWorld mine{clock, FileTree("/"), "host-" + std::to_string(end.rank()),
                   [](const std::string&, double) {},
                   [&](const Outcome& outcome) { heard.outcomes.push_back(outcome); }};
    heard.ends[static_cast<std::size_t>(end.rank())] =
        run_request(end, request, mine, Deadline::after(std::chrono::seconds(60)));
  });
  return heard;
}

}  // namespace

TEST_CASE("Rank 0 tells one outcome a size, with the proof of every rank") {
  MemoryWorld world;
  world.ranks = 3;
  world.link = {1e7};
  const auto heard = run_all(world, request_of(3, {{4096}, {65'536}}));
  for (const Status& end : heard.ends)
    CHECK(end);
  REQUIRE(heard.outcomes.size() == 2);
  CHECK(heard.outcomes[1].key() == "all_reduce|/@rail-a|/@rail-a|group=all,ranks=3,size=65536");
  const Measured* measured = heard.outcomes[1].measured();
  REQUIRE(measured != nullptr);
  REQUIRE(measured->proof.size() == 4);
  CHECK(measured->proof[0].kind == "library");
  CHECK(measured->proof[0].statement.find("connections of one launch") != std::string::npos);
  CHECK(measured->proof[3].at.node == "node-3");
  CHECK_FALSE(measured->proof[3].holds);
  CHECK(measured->proof[3].statement == "no subnet was given, so no counters were read");
}

TEST_CASE("A small size is told as a latency, a large one as a bandwidth") {
  MemoryWorld world;
  world.ranks = 2;
  world.link = {1e7};
  Request request = request_of(2, {{4096}, {65'536}});
  request.options["latency_upto"] = "4096";
  const auto heard = run_all(world, request);
  REQUIRE(heard.outcomes.size() == 2);
  const Measured* small = heard.outcomes[0].measured();
  REQUIRE(small != nullptr);
  CHECK(small->unit == Unit::seconds);
  CHECK(std::abs(small->value - 4096 / 1e7) < 1e-6);  // a ring of two moves its size once
  CHECK(small->interval.low <= small->value * 1.0001);
  CHECK(small->interval.high >= small->value * 0.9999);
  CHECK(small->p99.has_value());
  CHECK(heard.outcomes[1].measured()->unit == Unit::bytes_per_second);
}

TEST_CASE("Wrong data fails its size, and the next size is measured") {
  MemoryWorld world;
  world.ranks = 2;
  world.link = {1e7};
  world.corrupting_rank = 1;
  Request request = request_of(2, {{65'536}, {65'536 * 2}});
  const auto heard = run_all(world, request);
  REQUIRE(heard.outcomes.size() == 2);
  for (const Outcome& outcome : heard.outcomes) {
    REQUIRE(outcome.failed() != nullptr);
    CHECK(outcome.failed()->error.code == ErrorCode::data_corrupt);
    CHECK(outcome.failed()->error.message.find("rank 1") != std::string::npos);
  }
}

TEST_CASE("A request for another number of ranks is refused before anything runs") {
  MemoryWorld world;
  world.ranks = 2;
  const auto heard = run_all(world, request_of(3, {{4096}}));
  CHECK(heard.outcomes.empty());
  REQUIRE_FALSE(heard.ends[0]);
  CHECK(heard.ends[0].error().message == "the request is for 3 ranks, the launcher started 2");
}

namespace {

/// A witness of a world where each rank's data waited for others as long as it is told.
class ToldWitness final : public Witness {
 public:
  ToldWitness(int rank, std::optional<double> waited) : rank_(rank), waited_(waited) {}
  void idle() override { looks_ += "idle "; }
  void before() override { looks_ += "before "; }
  void after() override { looks_ += "after "; }
  std::vector<Proof> proofs(const Moved& moved, const Proof& library) const override {
    Proof proof;
    proof.kind = "counter";
    proof.at.node = "node-" + std::to_string(rank_ + 1);
    proof.statement = looks_ + "by " + library.source;
    proof.expected = moved.bus_bytes;
    proof.holds = moved.whole && moved.ranks == 3 && moved.runs > 0;
    return {proof};
  }
  std::optional<double> patience() const override { return waited_; }

 private:
  int rank_;
  std::optional<double> waited_;
  std::string looks_;
};

/// Rank 0's only outcome of three ranks that waited for so long; less than zero: not known.
Outcome witnessed(const std::vector<double>& waited) {
  MemoryWorld world;
  world.ranks = 3;
  world.link = {1e7};
  const Request request = request_of(3, {{65'536}});
  std::vector<Outcome> outcomes;
  std::atomic<int> right = 0;  // assertions are not for several threads
  on_all_ranks(world, [&](Communicator& end) {
    SystemClock clock;
    const double mine = waited.at(static_cast<std::size_t>(end.rank()));
    ToldWitness witness(end.rank(), mine < 0 ? std::nullopt : std::optional(mine));
    RankWorld rank_world{clock,
                         FileTree("/"),
                         "host",
                         [](const std::string&, double) {},
                         [&](const Outcome& outcome) { outcomes.push_back(outcome); },
                         &witness};
    if (run_request(end, request, rank_world, Deadline::after(std::chrono::seconds(60)))) ++right;
  });
  CHECK(right == 3);
  REQUIRE(outcomes.size() == 1);
  return outcomes.front();
}

}  // namespace

TEST_CASE("A witness looks around the measurement, and its signs stand in place of a subnet's") {
  const Outcome outcome = witnessed({0.5, 0.5, 0.5});
  const Measured& measured = *outcome.measured();
  REQUIRE(measured.proof.size() == 4);
  for (std::size_t rank = 0; rank < 3; ++rank) {
    const Proof& proof = measured.proof[rank + 1];
    CHECK(proof.at.node == "node-" + std::to_string(rank + 1));
    CHECK(proof.statement == "idle before after by memory");
    CHECK(proof.holds);
    const double run = 65'536 * 4.0 / 3;  // a ring of three sends 2(n-1)/n of its size
    CHECK(std::fmod(*proof.expected + run / 2, run) > run / 4);
    CHECK(*proof.expected >= 6 * run * 0.99);
  }
  CHECK_FALSE(measured.counters.contains("awaited_rank"));
}

TEST_CASE("The rank whose data waits for nobody is told, when every rank's waiting is known") {
  CHECK(witnessed({0.5, 0.1, 0.5}).measured()->counters.at("awaited_rank") == 1);
  CHECK_FALSE(witnessed({0.5, 0.1, -1}).measured()->counters.contains("awaited_rank"));
}
