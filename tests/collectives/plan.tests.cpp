#include "collectives/plan.hpp"

#include <catch2/catch_test_macros.hpp>

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
  request.options = {{"group", "rack-1"}, {"rail", "rail-a"}};
  return request;
}

std::string refusal(const Request& request) {
  const auto planned = plan(request);
  return planned ? "" : planned.error().message;
}

}  // namespace

TEST_CASE("A plan has one entry a size, in order, with what a ring must send") {
  const auto planned = plan(request_of(6, {{65536}, {6'000'000}}));
  REQUIRE(planned);
  REQUIRE(planned->size() == 2);
  CHECK((*planned)[0].operation.bytes.count == 65536);
  CHECK((*planned)[1].operation.group == "rack-1");
  CHECK((*planned)[1].ranks == 6);
  CHECK((*planned)[1].least_sent.count == 10'000'000);
}

TEST_CASE("Uneven blocks count as if the largest were the one not sent") {
  Operation operation;
  operation.bytes = {10 * 8};
  CHECK(ring_load(operation, 4).count == 2 * 7 * 8);
  CHECK(ring_load(operation, 2).count == 2 * 5 * 8);
}

TEST_CASE("What cannot be measured is refused with its reason") {
  Request gather = request_of(2, {{1024}});
  gather.probe = "all_gather";
  CHECK(refusal(gather) == "all_gather is not measured yet");
  gather.probe = "all-reduce";
  CHECK(refusal(gather).find("no such collective operation: all-reduce") == 0);
  CHECK(refusal(request_of(1, {{1024}})).find("2 to 4096 ranks, not 1") != std::string::npos);
  CHECK(refusal(request_of(2, {})) == "the request has no sizes");
  CHECK(refusal(request_of(2, {{1001}})) == "size 1001 is not a multiple of 8 bytes");
  CHECK(refusal(request_of(6, {{40}})) == "size 40 is less than one element for each of 6 ranks");
  CHECK(refusal(request_of(2, {{2ULL << 30U}})) == "size 2147483648 is over 1 GiB");
  Request short_of_ends = request_of(3, {{1024}});
  short_of_ends.ends.pop_back();
  CHECK(refusal(short_of_ends) == "the request names 2 ends for 3 ranks");
}

TEST_CASE("A batch holds as many runs as fill its time, within memory") {
  Operation operation;
  operation.bytes = {4U << 20U};
  CHECK(repeats_for(operation, Seconds{0.6}, Seconds{0.3}) == 1);
  CHECK(repeats_for(operation, Seconds{0.1}, Seconds{0.35}) == 4);
  CHECK(repeats_for(operation, Seconds{1e-6}, Seconds{0.3}) == 64);
  operation.bytes = {8};
  CHECK(repeats_for(operation, Seconds{0}, Seconds{0.3}) == 1000);
}

TEST_CASE("An outcome's identity names group, ranks, size and rail") {
  CHECK(identity(request_of(2, {{1024}}), {1024}).key() ==
        "all_reduce|/@rail-a|/@rail-a|group=rack-1,ranks=2,size=1024");
}
