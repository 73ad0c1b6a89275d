// A pair of processes over described GPUs: what goes through the handle, and whose counters saw it.

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <thread>

#include "core/rendezvous.hpp"
#include "probes/drivers/fake/fake_share.hpp"
#include "probes/gpu/gpu_pair.hpp"
#include "probes/gpu/pair_counters.hpp"
#include "tests/probes/pair_support.hpp"
#include "tests/probes/tree.hpp"

namespace {

using namespace plumbline;
using namespace plumbline::probes;
using Catch::Matchers::ContainsSubstring;

constexpr const char* kNode = R"(schema: plumbline.fake-gpus/v1
name: two
driver: {version: 580.95.05, cuda: "13.0"}
gpus: {count: 3, product: NVIDIA H100 80GB HBM3, compute_capability: "9.0", memory: 80GiB}
nvlink: {generation: 4, links: 18, to: switch}
copies: {host: 55GB/s, host_total: 90GB/s, local: 1.3TB/s, peer: 396GB/s}
)";

struct Ask {
  std::string more = "";
  std::string share = "ipc";
  int to = 1;
};

std::string uuid_of(const std::string& file, int index) {
  Request request;
  request.options["drivers"] = "fake:" + file;
  const auto gpus = open_gpus(request);
  REQUIRE(gpus);
  return gpus->machine->units().at(static_cast<std::size_t>(index)).uuid;
}

Status run_end(int rank, const Request& asked, Rendezvous& rendezvous, CollectingSink& sink) {
  Request request = asked;
  request.rank = rank;
  const Topology topology;
  SystemClock clock;
  const Task task{topology, request, &rendezvous, Deadline::after(std::chrono::seconds(60)),
                  clock,    sink};
  const auto probe = gpu_pair_probe(open_gpus);
  if (probe->inapplicable(task)) return fail(ErrorCode::internal, "the fakes did not open");
  return probe->run(task);
}

Outcome pair(const Ask& wanted) {
  const Tree tree;
  tree.file("gpus.yaml", kNode + wanted.more);
  const std::string file = (tree.root() / "gpus.yaml").string();
  Request request;
  request.probe = "gpu_pair";
  request.size = 2;
  request.ends = {{"node-1", uuid_of(file, 0), ""}, {"node-1", uuid_of(file, wanted.to), ""}};
  request.options = {{"share", wanted.share}, {"drivers", "fake:" + file}};
  const auto ends = in_memory_rendezvous(2);
  CollectingSink sender;
  CollectingSink receiver;
  std::thread other([&] { static_cast<void>(run_end(1, request, *ends[1], receiver)); });
  const auto sent = run_end(0, request, *ends[0], sender);
  other.join();
  CHECK(sent);
  REQUIRE(sender.outcomes.size() == 1);
  return sender.outcomes[0];
}

const Measured& number(const Outcome& outcome) {
  if (outcome.failed() != nullptr) FAIL(outcome.failed()->error.message);
  if (outcome.skipped() != nullptr) FAIL(outcome.skipped()->reason);
  return *outcome.measured();
}

}  // namespace

TEST_CASE("What one process writes into another's memory is counted by the links of both GPUs") {
  const Outcome outcome = pair({});
  const Measured& measured = number(outcome);
  CHECK(measured.conclusive);
  REQUIRE(measured.proof.size() == 3);
  for (const Proof& proof : measured.proof)
    CHECK(proof.holds);
  CHECK_THAT(measured.proof[1].statement, ContainsSubstring("sent"));
  CHECK_THAT(measured.proof[2].statement, ContainsSubstring("received"));
  CHECK(measured.proof[2].at.device == outcome.to.device);
}

TEST_CASE("Bytes that no counter saw are a sign that does not hold, also between processes") {
  const Outcome outcome = pair({"faults: [{kind: uncounted_pair, from: 0, to: 1}]\n"});
  const Measured& measured = number(outcome);
  REQUIRE(measured.proof.size() == 3);
  CHECK_FALSE(measured.proof[1].holds);
  CHECK_FALSE(measured.proof[2].holds);
}

TEST_CASE("Two processes on one GPU move nothing over its links") {
  CHECK(number(pair({"", "ipc", 0})).proof.size() == 1);
}

TEST_CASE("A byte that changed on the way to another process is found there") {
  const Outcome outcome = pair({"faults: [{kind: corrupting_pair, from: 0, to: 1, byte: 7}]\n"});
  REQUIRE(outcome.failed() != nullptr);
  CHECK(outcome.failed()->error.code == ErrorCode::data_corrupt);
}

TEST_CASE("Fabric handles need a fabric that spans machines") {
  const Outcome none = pair({"", "fabric"});
  REQUIRE(none.skipped() != nullptr);
  CHECK_THAT(none.skipped()->reason, ContainsSubstring("no fabric that spans machines"));
  const Outcome spans = pair({"fabric: {cluster_uuid: 5a2c, clique: 7}\n", "fabric"});
  CHECK(number(spans).proof.size() == 3);
}

TEST_CASE("A GPU that is held is not opened by either process") {
  const Outcome held = pair({"faults: [{kind: busy, gpu: 1, value: 4242}]\n"});
  REQUIRE(held.skipped() != nullptr);
  CHECK_THAT(held.skipped()->reason, ContainsSubstring("is held by process 4242"));
}

TEST_CASE("Counters survive their way to the other end; anything else is refused") {
  GpuTallies tallies;
  GpuCounters counters;
  counters.nvlink_received = Bytes{5000};
  counters.nvlink_step = Bytes{1024};
  tallies.idle.of.emplace("GPU-1", counters);
  counters.nvlink_received = Bytes{9000};
  tallies.before =
      tallies.after = {Moment{} + std::chrono::milliseconds(50), {{"GPU-1", counters}}};
  const std::string words = encode_tallies(tallies, "GPU-1");
  const auto read = decode_tallies(words, "GPU-2");
  REQUIRE(read);
  CHECK(read->after.of.at("GPU-2").nvlink_received == Bytes{9000});
  CHECK(read->after.of.at("GPU-2").nvlink_step == Bytes{1024});
  CHECK_FALSE(read->after.of.at("GPU-2").pcie_sent);
  CHECK(encode_tallies(tallies, "GPU-9") == "none");
  CHECK(decode_tallies("none", "GPU-1")->after.of.empty());
  for (const std::string bad : {"", "looks", "looks 1 2", "other", "none more"})
    CHECK_FALSE(decode_tallies(bad, "GPU-1"));
  CHECK_FALSE(decode_tallies(words + " 1", "GPU-1"));
}

TEST_CASE("Words of shared described memory are read strictly") {
  const FakeShare share{"plumbline-fake-1-2", "GPU-1", 4096, "5a2c.7"};
  const auto read = read_share_words(share_words(share));
  REQUIRE(read);
  CHECK(read->domain == "5a2c.7");
  for (const std::string bad : {"", "fake", "fake ../../etc/passwd GPU-1 4096", "ipc a GPU-1 16",
                                "fake plumbline-fake-1 GPU-1 0", "fake plumbline-fake-1 GPU-1 x"})
    CHECK_FALSE(read_share_words(bad));
}
