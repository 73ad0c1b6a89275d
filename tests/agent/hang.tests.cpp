#include "agent/collective/hang.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace plumbline::agent;

namespace {

/// Four ranks that all wait in call 17.
std::vector<RankSign> waiting() { return std::vector<RankSign>(4, {false, false, 17, 16}); }

}  // namespace

TEST_CASE("A dead rank is the cause, whatever the others look like") {
  auto signs = waiting();
  signs[1].silent = true;
  signs[2].dead = true;
  CHECK(name_cause(signs).ranks == std::vector<int>{2});
}

TEST_CASE("The silent one among those who waited is the cause; two are an ambiguity set") {
  auto signs = waiting();
  signs[3].silent = true;
  signs[3].began.reset();
  CHECK(name_cause(signs).ranks == std::vector<int>{3});
  CHECK(name_cause(signs).because == "rank 3 did not answer, the others waited");
  signs[0].silent = true;
  CHECK(name_cause(signs).ranks == std::vector<int>{0, 3});
}

TEST_CASE("The one that has not begun the others' call is the cause") {
  auto signs = waiting();
  signs[0] = {false, false, 16, 16};
  CHECK(name_cause(signs).ranks == std::vector<int>{0});
  CHECK(name_cause(signs).because == "rank 0 did not begin call 17, the others are further");
}

TEST_CASE("Of two that are behind, the one that waits inside is not the cause") {
  auto signs = waiting();
  signs[0] = {false, false, 16, 16};
  signs[1] = {false, false, 16, 15};
  CHECK(name_cause(signs).ranks == std::vector<int>{0});
}

TEST_CASE("The last one inside an earlier call is named when nobody stands outside") {
  auto signs = waiting();
  signs[2] = {false, false, 15, 14};
  CHECK(name_cause(signs).ranks == std::vector<int>{2});
}

TEST_CASE("What looks alike is an ambiguity set of all") {
  CHECK(name_cause(waiting()).ranks == std::vector<int>{0, 1, 2, 3});
  std::vector<RankSign> mute(2);
  for (auto& sign : mute)
    sign.silent = true;
  CHECK(name_cause(mute).ranks == std::vector<int>{0, 1});
  CHECK(name_cause(mute).because == "no rank answered");
}

TEST_CASE("In a hang inside NCCL the GPU that takes no data is named, not those it holds up") {
  auto signs = waiting();
  signs[0].steps = StepSign{2, 0, 1, 3};  // full too, but it waits for room at rank 1
  signs[1].steps = StepSign{4, 0, 2, 0};  // has data, and waits for nobody
  signs[2].steps = StepSign{0, 0, 3, 5};
  signs[3].steps = StepSign{0, 0, 0, 5};
  const HangCause cause = name_cause(signs);
  CHECK(cause.ranks == std::vector<int>{1});
  CHECK(cause.because.find("data came to rank 1 and no GPU takes it there") != std::string::npos);
}

TEST_CASE("A transfer that does not leave has two ends, and both may be it") {
  auto signs = waiting();
  for (auto& sign : signs)
    sign.steps = StepSign{0, 0, -1, 5};
  signs[2].steps = StepSign{1, 3, 3, 2};
  CHECK(name_cause(signs).ranks == std::vector<int>{2, 3});
  signs[2].steps->unsent_to = 17;  // a rank that there is not
  CHECK(name_cause(signs).ranks.size() == 4);
}

TEST_CASE("Steps that tell nothing, or of some ranks only, leave all of them") {
  auto signs = waiting();
  signs[1].steps = StepSign{4, 0, 2, 0};
  CHECK(name_cause(signs).ranks.size() == 4);  // the others told none
  for (auto& sign : signs)
    sign.steps = StepSign{1, 0, 2, 0};
  CHECK(name_cause(signs).ranks.size() == 4);  // all have data
  for (auto& sign : signs)
    sign.steps = StepSign{0, 0, -1, 4};
  CHECK(name_cause(signs).ranks.size() == 4);
}
