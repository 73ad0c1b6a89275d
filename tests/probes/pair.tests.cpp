#include "probes/pair/pair.hpp"

#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <limits>

#include "probes/pair/messages.hpp"
#include "probes/subnets.hpp"
#include "tests/probes/pair_support.hpp"

using namespace plumbline;
using namespace plumbline::probes;
using Catch::Approx;

namespace {

const Measured& measured(const Outcome& outcome) {
  if (const Failed* failed = outcome.failed()) FAIL("failed: " << failed->error.message);
  REQUIRE(outcome.measured() != nullptr);
  return *outcome.measured();
}

const Failed& failed(const Outcome& outcome) {
  REQUIRE(outcome.failed() != nullptr);
  return *outcome.failed();
}

}  // namespace

TEST_CASE("A healthy path gives its rate in both directions, proven at both ends") {
  const auto run = run_pair(pair_request({"one_way", "reverse"}), {});
  REQUIRE(run.status);
  REQUIRE(run.outcomes.size() == 2);
  CHECK(run.outcomes_of_other == 0);
  CHECK(run.outcomes[0].key() ==
        "pair_goodput|node-1/ens1@rail-a|node-2/ens1@rail-a|direction=one_way,size=65536");
  CHECK(run.outcomes[1].key() ==
        "pair_goodput|node-2/ens1@rail-a|node-1/ens1@rail-a|direction=one_way,size=65536");
  for (const Outcome& outcome : run.outcomes) {
    const Measured& number = measured(outcome);
    CHECK(number.value == Approx(20e6).epsilon(0.05));
    CHECK(number.batches.size() >= 6);
    CHECK(number.proof.size() >= 6);
    for (const Proof& proof : number.proof)
      CHECK(proof.holds);
    CHECK(number.counters.at("from.carrier_downs") == 0);
    CHECK(number.counters.at("to.retransmits") == 0);
  }
}

TEST_CASE("Both directions at once are one number, their sum") {
  const auto run = run_pair(pair_request({"both_ways"}), {});
  REQUIRE(run.outcomes.size() == 1);
  CHECK(run.outcomes[0].parameters.at("direction") == "both_ways");
  CHECK(measured(run.outcomes[0]).value == Approx(40e6).epsilon(0.05));
}

TEST_CASE("A latency is half a round trip with its tails") {
  const auto run = run_pair(pair_request({"latency"}), {});
  REQUIRE(run.outcomes.size() == 1);
  CHECK(run.outcomes[0].key() == "pair_latency|node-1/ens1@rail-a|node-2/ens1@rail-a|size=8");
  const Measured& number = measured(run.outcomes[0]);
  CHECK(number.unit == Unit::seconds);
  CHECK(number.value > 0);
  CHECK(number.p99 >= number.value);
  CHECK(number.p999 >= number.p99);
}

TEST_CASE("A path that corrupts byte 7 has no goodput but a failure that says so") {
  FakePath path;
  path.corrupts = 7;
  const auto run = run_pair(pair_request({"one_way", "reverse"}), path);
  REQUIRE(run.outcomes.size() == 2);
  const Failed& failure = failed(run.outcomes[0]);
  CHECK(failure.error.code == ErrorCode::data_corrupt);
  CHECK(failure.error.message.find("byte 7 of message 0") != std::string::npos);
  CHECK(failure.error.message.find("from node-1/ens1 to node-2/ens1") != std::string::npos);
}

TEST_CASE("A corrupted pong is a failure, not a latency") {
  FakePath path;
  path.corrupts = 7;
  const auto run = run_pair(pair_request({"latency"}), path);
  CHECK(failed(run.outcomes.at(0)).error.code == ErrorCode::data_corrupt);
}

TEST_CASE("A path that stalls a quarter of the time loses a quarter of its goodput") {
  FakePath path;
  path.stalls = 0.25;
  path.period = std::chrono::milliseconds(40);
  const auto run = run_pair(pair_request({"one_way"}), path);
  CHECK(measured(run.outcomes.at(0)).value == Approx(15e6).epsilon(0.08));
}

TEST_CASE("A dead path fails within its patience and takes the numbers after it along") {
  FakePath path;
  path.dead = true;
  const auto run = run_pair(pair_request({"one_way", "reverse", "both_ways", "latency"}), path);
  REQUIRE(run.status);
  REQUIRE(run.outcomes.size() == 4);
  for (const Outcome& outcome : run.outcomes) {
    CHECK(failed(outcome).error.code == ErrorCode::unavailable);
    CHECK(failed(outcome).error.message.find("node-1/ens1 and node-2/ens1") != std::string::npos);
  }
  CHECK(run.seconds < 2);
}

TEST_CASE("A path that dies in the middle ends as a failure in bounded time") {
  FakePath path;
  path.dies_after = 10'000'000;
  const auto run = run_pair(pair_request({"one_way"}), path);
  CHECK(failed(run.outcomes.at(0)).error.code == ErrorCode::unavailable);
  CHECK(run.seconds < 6);
}

TEST_CASE("An end without carrier is named and blamed") {
  FakePath path;
  auto links = FakePaths(fake_fabric(path)).links();
  links[0].running = false;
  links[0].state = "lowerlayerdown";
  const auto run = run_pair(pair_request({"one_way"}), path, {false, links});
  const Failed& failure = failed(run.outcomes.at(0));
  CHECK(failure.error.code == ErrorCode::no_carrier);
  CHECK(failure.error.message.find("node-2/ens1: ens1 is lowerlayerdown, without carrier") !=
        std::string::npos);
  CHECK(failure.blamed == "node-2");
}

TEST_CASE("A link that goes down while it is opened is waited for, and no probe is blamed") {
  FakePath path;
  path.flaps = 5;
  const auto run = run_pair(pair_request({"one_way"}), path);
  const Measured& number = measured(run.outcomes.at(0));
  CHECK(number.value == Approx(20e6).epsilon(0.05));
}

TEST_CASE("A link that goes down whenever it is opened has no carrier") {
  FakePath path;
  path.flaps = std::numeric_limits<std::uint64_t>::max();
  const Failed failure = failed(run_pair(pair_request({"one_way"}), path).outcomes.at(0));
  CHECK(failure.error.code == ErrorCode::no_carrier);
  CHECK(failure.error.message.find("ens1 lost its carrier while it was opened") !=
        std::string::npos);
  CHECK(failure.blamed.substr(0, 5) == "node-");
}

TEST_CASE("A device that cannot be opened while its link stands is its end's own fault") {
  FakePath path;
  path.absent = true;
  const Failed failure = failed(run_pair(pair_request({"one_way"}), path).outcomes.at(0));
  CHECK(failure.error.code == ErrorCode::unavailable);
  CHECK(failure.error.message.find("node-1/ens1: opening a fake path on ens1: no such device") !=
        std::string::npos);
  CHECK(failure.blamed == "node-1");
}

TEST_CASE("A device that an end does not have is named, with what it has") {
  auto request = pair_request({"one_way"});
  request.ends[0].device = "ens9";
  const auto run = run_pair(request, {});
  const Failed& failure = failed(run.outcomes.at(0));
  CHECK(failure.error.code == ErrorCode::not_found);
  CHECK(failure.error.message.find("no network device ens9 here, only: ens1 ens2") !=
        std::string::npos);
  CHECK(failure.blamed == "node-1");
}

TEST_CASE("An end that does not come is named at the deadline") {
  const auto run = run_pair(pair_request({"one_way", "latency"}), {}, {true, {}});
  REQUIRE(run.outcomes.size() == 2);
  const Failed& failure = failed(run.outcomes[0]);
  CHECK(failure.error.code == ErrorCode::deadline_exceeded);
  CHECK(failure.error.message.find("waiting for node-2/ens1") != std::string::npos);
  CHECK(failure.blamed == "node-2");
  CHECK(run.seconds < 3);
}

TEST_CASE("Bytes that moved another device do not prove the path") {
  FakePath path;
  path.moves = "ens2";
  const auto run = run_pair(pair_request({"one_way"}), path);
  const Measured& number = measured(run.outcomes.at(0));
  CHECK(std::any_of(number.proof.begin(), number.proof.end(), [](const Proof& proof) {
    return !proof.holds && proof.statement.find("busiest other device: ens2") != std::string::npos;
  }));
}

TEST_CASE("Bytes of whoever measured before, which still drain, are no idle rate") {
  FakePath path;
  path.drains = std::chrono::milliseconds(200);
  const auto run = run_pair(pair_request({"one_way"}), path);
  REQUIRE(run.outcomes.size() == 1);
  for (const Proof& proof : measured(run.outcomes[0]).proof) {
    INFO(proof.statement);
    CHECK(proof.holds);
  }
}

TEST_CASE("A limit that ends a number early leaves it inconclusive and says why") {
  auto request = pair_request({"one_way"});
  request.limit = Seconds{1.2};
  const auto run = run_pair(request, {});
  const Measured& number = measured(run.outcomes.at(0));
  CHECK_FALSE(number.conclusive);
  CHECK(number.doubt.find("time limit") != std::string::npos);
}

TEST_CASE("A request that a pair cannot serve is an error that names the field") {
  CHECK_FALSE(run_pair(pair_request({}), {}).status);
  CHECK_FALSE(run_pair(pair_request({"sideways"}), {}).status);
  auto request = pair_request({"one_way"});
  request.sizes = {Bytes{0}};
  CHECK_FALSE(run_pair(request, {}).status);
}

TEST_CASE("A peer outside the allowed networks is not spoken to") {
  auto request = pair_request({"one_way"});
  request.options["peer_subnets"] = "10.70.1.0/24,10.70.2.0/24";
  const Failed failure = failed(run_pair(request, {}).outcomes.at(0));
  CHECK(failure.error.code == ErrorCode::permission_denied);
  request.options["peer_subnets"] = "10.0.0.0/8";
  CHECK(run_pair(request, {}).outcomes.at(0).measured() != nullptr);
}

TEST_CASE("Networks are read strictly and compared by their bits") {
  const auto subnets = Subnets::parse("10.70.1.0/25,fd00::/8");
  REQUIRE(subnets);
  CHECK(subnets->allow("10.70.1.11/24"));
  CHECK_FALSE(subnets->allow("10.70.1.129"));
  CHECK(subnets->allow("fdab::1"));
  CHECK_FALSE(subnets->allow("fe80::1"));
  CHECK_FALSE(subnets->allow("nonsense"));
  for (const char* bad :
       {"10.70.1.0", "10.70.1.0/33", "10.70.1.0/-1", "x/8", "10.0.0.0/8,", "10.0.0.0/8x"}) {
    INFO(bad);
    CHECK((std::string(bad) == "10.0.0.0/8," || !Subnets::parse(bad)));
  }
}

TEST_CASE("Messages between the ends survive their journey") {
  Opening opening;
  opening.go = false;
  opening.error = Error{ErrorCode::not_found, "no"};
  opening.sender = std::string("\0\xff\x80 bytes", 9);
  opening.links = FakePaths(fake_fabric({})).links();
  opening.idle = {1.5, 2.5};
  const auto back = unpack_opening(pack(opening));
  REQUIRE(back);
  CHECK_FALSE(back->go);
  CHECK(back->error->code == ErrorCode::not_found);
  CHECK(back->sender == opening.sender);
  CHECK(back->links.at(1).addresses == opening.links.at(1).addresses);
  CHECK(back->idle.received == 2.5);
  Closing closing;
  closing.batch = Batch{5e6, Bytes{77}, {1, 2, 3}, {}};
  closing.received = 77;
  closing.tally.transports = {"tcp/ens1.0"};
  const auto closed = unpack_closing(pack(closing));
  REQUIRE(closed);
  CHECK(closed->batch->windows == std::vector<double>{1, 2, 3});
  CHECK(closed->tally.transports == closing.tally.transports);
}

TEST_CASE("A count that came as a number with a fraction is refused, however large it is") {
  std::string closing = pack(Closing{});
  const std::string none("\xa4sent\0", 6);
  const auto at = closing.find(none);
  REQUIRE(at != std::string::npos);
  REQUIRE(unpack_closing(closing));
  closing.replace(at, none.size(), std::string("\xa4sent\xcb\x46\x93\xb8\xb5\xb5\x05\x6e\x17", 14));
  CHECK_FALSE(unpack_closing(closing));  // 1e32
}

TEST_CASE("A message that is cut, foreign or of another kind is refused") {
  const std::string good = pack(Opening{});
  for (std::size_t length = 0; length < good.size(); ++length)
    CHECK_FALSE(unpack_opening(good.substr(0, length)));
  CHECK_FALSE(unpack_closing(good));
  CHECK_FALSE(unpack_opening("\xdf\xff\xff\xff\xff"));
  CHECK_FALSE(unpack_opening(std::string(1000, '\x91')));
}
