#include "probes/pair/proof.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

using namespace plumbline;
using namespace plumbline::probes;

namespace {

Link link(const std::string& name, const std::string& address) {
  Link made;
  made.name = name;
  made.state = "up";
  made.addresses = {address + "/24"};
  return made;
}

/// One megabyte from rank 0 to rank 1 over ens1, with a little more on the wire.
struct Scene {
  Request request;
  Number number{Shape::one_way, Bytes{65536}, 0, false, {}};
  Record record;
  Seconds took{1};

  Scene() {
    request.ends = {{"node-1", "ens1", ""}, {"node-2", "ens1", ""}};
    record.received = {0, 1'000'000};
    for (std::size_t rank : {0U, 1U}) {
      record.before[rank] = {link("ens1", "10.0.1.1"), link("ens2", "10.0.2.1")};
      record.after[rank] = record.before[rank];
      record.tally[rank].transports = {"tcp/ens1.0"};
      record.tally[rank].locals = {"10.0.1.1"};
    }
    record.after[0][0].sent_bytes = 1'050'000;
    record.after[1][0].received_bytes = 1'050'000;
  }

  std::vector<Proof> proof() const { return prove({request, number, record, took, "UCX"}); }
  bool all_hold() const {
    const auto all = proof();
    return std::all_of(all.begin(), all.end(), [](const Proof& one) { return one.holds; });
  }
};

}  // namespace

TEST_CASE("Both ends prove a path by library, addresses, own counter and quiet neighbours") {
  const Scene scene;
  CHECK(scene.proof().size() == 8);
  CHECK(scene.all_hold());
  const Proof counter = scene.proof()[2];
  CHECK(counter.source == "/sys/class/net/ens1/statistics/tx_bytes");
  CHECK(counter.before == 0);
  CHECK(counter.after == 1'050'000);
  CHECK(counter.expected == 1'000'000);
  CHECK(counter.statement == "sent 1.0 MB over ens1, payload 1.0 MB, idle 0 B");
}

TEST_CASE("A counter that moved by less than the payload does not hold") {
  Scene scene;
  scene.record.after[1][0].received_bytes = 999'999;
  CHECK_FALSE(scene.all_hold());
}

TEST_CASE("What the device moves anyway does not prove anything") {
  Scene scene;
  scene.record.idle[0].sent = 100'000;
  CHECK_FALSE(scene.all_hold());
}

TEST_CASE("A library that used another device, or says nothing, does not hold") {
  for (const auto& said : std::vector<std::vector<std::string>>{
           {}, {"tcp/ens2.0"}, {"tcp/ens1.0", "sysv/memory"}, {"tcp/ens11.0"}}) {
    Scene scene;
    scene.record.tally[0].transports = said;
    CHECK_FALSE(scene.all_hold());
  }
}

TEST_CASE("A connection from another device's address does not hold") {
  Scene scene;
  scene.record.tally[1].locals = {"10.0.1.1", "10.0.2.1"};
  CHECK_FALSE(scene.all_hold());
}

TEST_CASE("Another busy device is told, and is no matter when the connections were not its own") {
  Scene scene;
  scene.record.after[0][1].sent_bytes = 5'000'000;
  CHECK(scene.all_hold());
  CHECK(scene.proof()[3].statement ==
        "busiest other device: ens2, 5.0 MB both ways, but the connections had addresses of ens1");
  scene.record.tally[0].locals = {"10.0.2.1"};
  CHECK_FALSE(scene.proof()[3].holds);
}

TEST_CASE("Counters are told by the names of the ends, whichever rank they are") {
  Scene scene;
  scene.record.tally[0].retransmits = 5;
  scene.record.after[1][0].carrier_downs = 2;
  const auto forward = counters_of(scene.request, scene.record, 0);
  CHECK(forward.at("from.retransmits") == 5);
  CHECK(forward.at("to.carrier_downs") == 2);
  const auto reverse = counters_of(scene.request, scene.record, 1);
  CHECK(reverse.at("to.retransmits") == 5);
  CHECK(reverse.at("from.carrier_downs") == 2);
}
