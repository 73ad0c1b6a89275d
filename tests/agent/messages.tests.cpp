#include "agent/wire/messages.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace plumbline;
using namespace plumbline::agent;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("A measurement's order comes back as it was sent") {
  MeasureOrder order;
  order.lease = "lease";
  order.measurement = "m1";
  order.own_namespace = "plumbline";
  order.device_names = {"nic-0"};
  order.request.probe = "pair";
  order.request.rank = 1;
  order.request.size = 2;
  order.request.ends = {{"node-1", "ens1", "rail-a"}, {"node-2", "ens1", "rail-a"}};
  order.request.sizes = {{65536}};
  const auto back = decode_measure(encode(order));
  REQUIRE(back);
  CHECK(back->lease == "lease");
  CHECK(back->device_names == order.device_names);
  CHECK(back->request.ends == order.request.ends);
  CHECK(back->request.sizes == order.request.sizes);
}

TEST_CASE("Every fate of a child has its own word and comes back") {
  for (int value = 0; value <= static_cast<int>(ChildFate::not_started); ++value) {
    MeasureEnd end;
    end.fate = static_cast<ChildFate>(value);
    end.failed = Failed{{ErrorCode::deadline_exceeded, "hung"}, "node-5"};
    end.last_words = "words";
    end.released = false;
    const auto item = decode_item(encode(StreamItem(end)));
    REQUIRE(item);
    const auto& back = std::get<MeasureEnd>(*item);
    CHECK(back.fate == end.fate);
    REQUIRE(back.failed);
    CHECK(back.failed->blamed == "node-5");
    CHECK(back.failed->error.code == ErrorCode::deadline_exceeded);
    CHECK_FALSE(back.released);
  }
}

TEST_CASE("Posted bytes of any kind survive the way") {
  const std::string bytes("\0\xff\n\"raw", 7);
  const auto item = decode_item(encode(StreamItem(Event(PostEvent{3, bytes}))));
  REQUIRE(item);
  CHECK(std::get<PostEvent>(std::get<Event>(*item)).bytes == bytes);
  const auto order = decode_exchange(encode(ExchangeOrder{"l", "m", {3, {bytes, ""}}}));
  REQUIRE(order);
  CHECK(order->gathered.bytes == std::vector<std::string>{bytes, ""});
}

TEST_CASE("An unknown half of a node's facts is never an empty one") {
  netcheck::NodeFacts facts;
  facts.node = "node-1";
  facts.topology = Topology{};
  facts.holdings_problem = "no socket";
  const auto back = decode_facts(encode(facts));
  REQUIRE(back);
  CHECK(back->topology);
  CHECK_FALSE(back->holdings);
  CHECK(back->holdings_problem == "no socket");
  const auto silent = decode_facts(R"({"node":"node-1"})");
  REQUIRE(silent);
  CHECK_FALSE(silent->topology);
  CHECK_FALSE(silent->topology_problem.empty());
  CHECK_FALSE(silent->holdings_problem.empty());
}

TEST_CASE("What is no message is refused, and the field is named") {
  for (const auto* const bad : {"", "x", "[]", "null", "{", "{}", "\xff"}) {
    CHECK_FALSE(decode_reserve(bad));
    CHECK_FALSE(decode_grant(bad));
    CHECK_FALSE(decode_measure(bad));
    CHECK_FALSE(decode_exchange(bad));
    CHECK_FALSE(decode_item(bad));
    CHECK_FALSE(decode_facts(bad));
    CHECK_FALSE(decode_lease(bad));
  }
  CHECK_THAT(decode_reserve(R"({"run_id":1,"time_to_live_s":2})").error().message,
             ContainsSubstring("run_id"));
  CHECK_THAT(decode_reserve(R"({"run_id":"a","time_to_live_s":"2"})").error().message,
             ContainsSubstring("time_to_live_s"));
  CHECK_THAT(decode_measure(R"({"lease":"a","measurement":"b"})").error().message,
             ContainsSubstring("request"));
}

TEST_CASE("A message nested a million deep is refused and not followed") {
  const std::string deep = R"({"lease":"a","measurement":"b","request":)" +
                           std::string(1000000, '[') + std::string(1000000, ']') + "}";
  CHECK_FALSE(decode_measure(deep));
}

TEST_CASE("Only gathered bytes go through an exchange") {
  const std::string done = R"({"lease":"a","measurement":"b","gathered":{"event":"done"}})";
  CHECK_FALSE(decode_exchange(done));
}
