#include <unistd.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <thread>

#include "core/json/codec.hpp"
#include "core/protocol/child_channel.hpp"

using namespace plumbline;
using namespace std::chrono_literals;

namespace {

struct Pipes {
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  Pipes() {
    REQUIRE(::pipe(in.data()) == 0);
    REQUIRE(::pipe(out.data()) == 0);
  }
  ~Pipes() {
    for (const int end : {in[0], in[1], out[0], out[1]}) {
      if (end >= 0) ::close(end);
    }
  }
  void say(const std::string& line) const {
    const std::string text = line + "\n";
    REQUIRE(::write(in[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  std::string hear() const {
    std::string line;
    char letter = 0;
    while (::read(out[0], &letter, 1) == 1 && letter != '\n')
      line.push_back(letter);
    return line;
  }
};

}  // namespace

TEST_CASE("A child takes a request and meets the others through its agent") {
  const Pipes pipes;
  ChildChannel channel(pipes.in[0], pipes.out[1]);
  Request request;
  request.probe = "pair";
  pipes.say(json::encode(request));
  CHECK(channel.receive_request(Deadline::after(5s))->probe == "pair");
  const auto rendezvous = channel.rendezvous(1, 2);
  pipes.say(json::encode(Event{GatheredEvent{0, {"left", std::string("\0\n", 2)}}}));
  const auto all = rendezvous->allgather("right", Deadline::after(5s));
  CHECK(all.value() == std::vector<std::string>{"left", std::string("\0\n", 2)});
  const auto posted = json::decode_event(pipes.hear());
  CHECK(std::get<PostEvent>(*posted).bytes == "right");
}

TEST_CASE("A rendezvous that is answered wrongly or not at all is an error") {
  const Pipes pipes;
  ChildChannel channel(pipes.in[0], pipes.out[1]);
  const auto rendezvous = channel.rendezvous(0, 2);
  pipes.say(json::encode(Event{GatheredEvent{0, {"only one"}}}));
  CHECK_FALSE(rendezvous->allgather("x", Deadline::after(5s)).has_value());
  pipes.say("not json");
  CHECK_FALSE(rendezvous->allgather("x", Deadline::after(5s)).has_value());
  const auto late = rendezvous->allgather("x", Deadline::after(20ms));
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error().message.find("nothing came in time") != std::string::npos);
}

TEST_CASE("A heartbeat tells the last step until it ends") {
  const Pipes pipes;
  ChildChannel channel(pipes.in[0], pipes.out[1]);
  {
    Heartbeat heartbeat(channel);
    heartbeat.step("batch 3", 0.5);
    std::string step;
    while (step != "batch 3") {
      step = std::get<ProgressEvent>(*json::decode_event(pipes.hear())).step;
    }
  }
  SUCCEED("the heartbeat's thread ended");
}

TEST_CASE("Ends in one process meet in rank order") {
  auto ends = in_memory_rendezvous(3);
  std::vector<std::vector<std::string>> heard(3);
  std::vector<std::thread> ranks;
  for (std::size_t rank = 0; rank < 3; ++rank) {
    ranks.emplace_back([&, rank] {
      for (int round = 0; round < 5; ++round) {
        heard[rank] = *ends[rank]->allgather(std::to_string(rank), Deadline::after(5s));
      }
    });
  }
  for (auto& rank : ranks)
    rank.join();
  for (const auto& one : heard)
    CHECK(one == std::vector<std::string>{"0", "1", "2"});
}

TEST_CASE("An end that does not come is named at the deadline") {
  auto ends = in_memory_rendezvous(2);
  const auto alone = ends[0]->allgather("here", Deadline::after(20ms));
  REQUIRE_FALSE(alone.has_value());
  CHECK(alone.error().message == "rank 1 did not come");
}
