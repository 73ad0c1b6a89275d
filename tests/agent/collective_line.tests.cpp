#include "agent/collective/collective_line.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace plumbline;
using namespace plumbline::agent;

namespace {

CollectiveLine line_of() {
  CollectiveLine line;
  line.operation = "all_reduce";
  line.via = "mpi";
  line.gpus = 4;
  return line;
}

std::vector<std::uint64_t> sizes_of(const CollectiveLine& line) {
  std::vector<std::uint64_t> counts;
  const auto sizes = chosen_sizes(line);
  REQUIRE(sizes);
  for (const Bytes size : *sizes)
    counts.push_back(size.count);
  return counts;
}

}  // namespace

TEST_CASE("Reductions and outputs stand side by side behind -o, and other words are refused") {
  CHECK(chosen_output({})->reductions == "sum");
  CHECK_FALSE(chosen_output({})->json);
  CHECK(chosen_output({"max"})->reductions == "max");
  CHECK(chosen_output({"json", "avg"})->json);
  CHECK(chosen_output({"json", "avg"})->reductions == "avg");
  CHECK(chosen_output({"json"})->reductions == "sum");
  CHECK_FALSE(chosen_output({"json", "table"})->json);
  CHECK(chosen_output({"all"})->reductions == "sum,prod,max,min,avg,mulsum");
  const auto wrong = chosen_output({"yaml"});
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message.find("mulsum; table, json") != std::string::npos);
}

TEST_CASE("Sizes go from -b to -e by factor or by step, in whole elements") {
  CollectiveLine line = line_of();
  line.least = "8";
  line.most = "64";
  line.factor = 2;
  CHECK(sizes_of(line) == std::vector<std::uint64_t>{8, 16, 32, 64});
  line.factor = 1;
  line.step = "24";
  CHECK(sizes_of(line) == std::vector<std::uint64_t>{8, 32, 56});
  line.least = line.most = "1M";
  CHECK(sizes_of(line) == std::vector<std::uint64_t>{1U << 20U});
  line.least = line.most = "1001";
  CHECK(sizes_of(line) == std::vector<std::uint64_t>{1000});
  line.type = "int8";
  CHECK(sizes_of(line) == std::vector<std::uint64_t>{1001});
}

TEST_CASE("Sizes without an end are refused") {
  CollectiveLine line = line_of();
  line.least = "2M";
  line.most = "1M";
  CHECK_FALSE(chosen_sizes(line));
  line.least = "0";
  line.factor = 2;
  CHECK_FALSE(chosen_sizes(line));
  line.factor = 1;
  line.step = "0";
  CHECK_FALSE(chosen_sizes(line));
  line.step = "4";
  CHECK(chosen_sizes(line).error().message == "more than 1000 sizes from -b to -e");
  line.least = "eight";
  CHECK(chosen_sizes(line).error().message.find("-b: ") == 0);
}

TEST_CASE("Counts are asked of the ranks only when they were given") {
  CollectiveLine line = line_of();
  CHECK_FALSE(request_of(line, "here")->options.contains("iterations"));
  line.warmup = 5;
  CHECK(request_of(line, "here")->options.at("iterations") == "20");
  CHECK(request_of(line, "here")->options.at("warmup") == "5");
  line.timed = 7;
  CHECK(request_of(line, "here")->options.at("iterations") == "7");
}

TEST_CASE("Ranks are threads times GPUs on each host, in the hosts' order") {
  CollectiveLine line = line_of();
  line.threads = 2;
  line.gpus = 1;
  line.hosts = {"node-1", "node-2"};
  CHECK(chosen_places(line, "here") ==
        std::vector<std::string>{"node-1", "node-1", "node-2", "node-2"});
  line.hosts.clear();
  CHECK(chosen_places(line, "here") == std::vector<std::string>{"here", "here"});
}

TEST_CASE("Splits are nccl-tests' remainder and quotient of the rank, pairs and nodes") {
  CollectiveLine line = line_of();
  line.split = "MOD:2";
  CHECK(*chosen_colours(line, 4) == std::vector<int>{0, 1, 0, 1});
  line.split = "DIV:3";
  CHECK(*chosen_colours(line, 4) == std::vector<int>{0, 0, 0, 1});
  line.split = "pairs";
  CHECK(request_of(line, "here")->options.at("colours") == "0,0,1,1");
  line.split = "node";
  CHECK(*chosen_colours(line, 8) == std::vector<int>{0, 0, 0, 0, 1, 1, 1, 1});
  line.split = "rail";
  CHECK(*chosen_colours(line, 8) == std::vector<int>{0, 1, 2, 3, 0, 1, 2, 3});
  CHECK(domain_colours({"rack-2", "rack-1", "rack-2"}) == std::vector<int>{0, 1, 0});
  CHECK(colours_text({0, 1, 0}) == "0,1,0");
  for (const char* wrong : {"MOD", "MOD:0", "DIV:x", "rows"}) {
    line.split = wrong;
    CHECK_FALSE(chosen_colours(line, 4));
  }
}

TEST_CASE("What no measurement can be made of is refused by its flag") {
  const auto refusal = [](auto change) {
    CollectiveLine line = line_of();
    change(line);
    const auto request = request_of(line, "here");
    return request ? std::string() : request.error().message;
  };
  CHECK(refusal([](auto& line) { line.type = "quad"; }).find("-d quad") == 0);
  CHECK(refusal([](auto& line) { line.root = 4; }) == "-r 4 is no rank");
  CHECK(refusal([](auto& line) { line.gpus = 0; }).find("-t and -g") == 0);
  CHECK(refusal([](auto& line) { line.timed = 0; }) == "-n 0 measures nothing");
  CHECK(refusal([](auto& line) { line.graph = 1; }).find("-G needs NCCL") == 0);
  CHECK(refusal([](auto& line) { line.gpus = 5000; }) == "more than 4096 ranks");
  CHECK(refusal([](auto& line) { line.split = "rack"; }).find("--split rack needs --agents") == 0);
  CHECK(refusal([](auto& line) { line.agents = "stage.yaml"; }).find("--agents needs --via") == 0);
  CHECK(refusal([](auto& line) {
          line.via = "nccl";
          line.gpu_memory = true;
        }) == "--buffers needs --via mpi");
  CollectiveLine gpus = line_of();
  gpus.gpu_memory = true;
  CHECK(request_of(gpus, "here")->options.at("memory") == "gpu");
  CHECK(refusal([](auto& line) {
          line.via = "nccl";
          line.hosts = {"node-1"};
        }).find("--hosts needs --via mpi, or --agents") == 0);
}

TEST_CASE("The head shows the counts, and no counts where it is sampled") {
  CollectiveLine line = line_of();
  line.least = "8";
  line.most = "1K";
  line.factor = 2;
  const auto request = request_of(line, "here");
  REQUIRE(request);
  PerfHead head = head_of(line, *request);
  CHECK(head.iterations == 0);
  CHECK(head.how.find("sampled") == 0);
  CHECK(head.most == 1024);
  line.timed = 3;
  head = head_of(line, *request);
  CHECK(head.iterations == 3);
  CHECK(head.warmup == 1);
  CHECK(head.how.empty());
}
