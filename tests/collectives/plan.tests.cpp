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

TEST_CASE("A plan has one entry a size, in order") {
  const auto planned = plan(request_of(6, {{65536}, {6'000'000}}));
  REQUIRE(planned);
  REQUIRE(planned->size() == 2);
  CHECK((*planned)[0].operation.bytes.count == 65536);
  CHECK((*planned)[1].operation.group == "rack-1");
  CHECK((*planned)[1].ranks == 6);
}

TEST_CASE("What cannot be measured is refused with its reason") {
  Request other = request_of(3, {{1024}});
  other.probe = "hypercube";
  CHECK(refusal(other) == "hypercube needs a power of two ranks, not 3");
  other.options["colours"] = "0,0,1";
  CHECK(refusal(other) == "");
  other.probe = "all-reduce";
  CHECK(refusal(other).find("no such collective operation: all-reduce") == 0);
  CHECK(refusal(request_of(0, {{1024}})).find("1 to 4096 ranks, not 0") != std::string::npos);
  CHECK(refusal(request_of(2, {})) == "the request has no sizes");
  CHECK(refusal(request_of(2, {{1001}})) == "size 1001 is not a multiple of 8 bytes");
  CHECK(refusal(request_of(2, {{2ULL << 30U}})) == "size 2147483648 is over 1 GiB");
  Request short_of_ends = request_of(3, {{1024}});
  short_of_ends.ends.pop_back();
  CHECK(refusal(short_of_ends) == "the request names 2 ends for 3 ranks");
}

TEST_CASE("An option that is not understood is refused and named") {
  const std::vector<std::pair<const char*, const char*>> wrong{
      {"type", "quad"},    {"redop", "xor"},   {"root", "2"},     {"root", "-1"},
      {"iterations", "0"}, {"warmup", "x"},    {"blocking", "4"}, {"colours", "0"},
      {"colours", "0,x"},  {"colours", "0;1"}, {"place", "here"}, {"iterations", "1e3"}};
  for (const auto& [name, value] : wrong) {
    Request request = request_of(2, {{1024}});
    if (std::string(name) == "warmup") request.options["iterations"] = "5";
    request.options[name] = value;
    INFO(name << "=" << value);
    CHECK(refusal(request) != "");
  }
}

TEST_CASE("Both placements are measured, out of place first, and named where they were asked for") {
  Request request = request_of(2, {{1024}});
  request.options["place"] = "both";
  request.options["type"] = "float";
  const auto planned = plan(request);
  REQUIRE(planned);
  REQUIRE(planned->size() == 2);
  CHECK_FALSE((*planned)[0].operation.in_place);
  CHECK((*planned)[1].operation.in_place);
  CHECK(identity(request, (*planned)[1]).key() ==
        "all_reduce|/@rail-a|/@rail-a|group=rack-1,place=in,ranks=2,size=1024,type=float");
  CHECK(identities(request).size() == 2);
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
  const auto all = identities(request_of(2, {{1024}}));
  REQUIRE(all.size() == 1);
  CHECK(all[0].key() == "all_reduce|/@rail-a|/@rail-a|group=rack-1,ranks=2,size=1024");
}

TEST_CASE("A refused request has identities too, one a size") {
  Request request = request_of(2, {{1024}, {1001}});
  CHECK(identities(request).size() == 2);
}
