// The probes above described GPUs: what they make of good ones, bad ones and held ones.

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <map>

#include "probes/drivers/fake/fake_gpus.hpp"
#include "probes/gpu/gpu_probe.hpp"
#include "probes/gpu/gpu_witness.hpp"
#include "probes/gpu/tenant_look.hpp"
#include "tests/probes/tree.hpp"

namespace {

using namespace plumbline;
using namespace plumbline::probes;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinRel;

/// Keeps what it is told.
class Ears final : public Sink {
 public:
  void step(const std::string& /*what*/, double share) override { shares.push_back(share); }
  Status outcome(const Outcome& outcome) override {
    outcomes.push_back(outcome);
    return {};
  }
  Status topology(const Topology& /*topology*/) override { return {}; }
  std::vector<Outcome> outcomes;
  std::vector<double> shares;
};

constexpr const char* kNode = R"(schema: plumbline.fake-gpus/v1
name: four
driver: {version: 580.95.05, cuda: "13.0"}
machine: {numa_nodes: 2}
gpus: {count: 4, product: NVIDIA H100 80GB HBM3, compute_capability: "9.0", memory: 80GiB}
nvlink: {generation: 4, links: 18, to: switch}
copies: {host: 55GB/s, host_total: 90GB/s, local: 1.3TB/s, peer: 396GB/s}
)";

struct Ask {
  std::string probe = "gpu_copy";
  std::vector<std::string> measure;
  std::string faults;
  std::string gpu;
  std::vector<Bytes> sizes = {};
  std::map<std::string, std::string> options = {};
  std::string gpus = "count: 4";
};

struct Answer {
  Status ran;
  std::vector<Outcome> outcomes;
};

Answer ask(const Ask& wanted) {
  const Tree tree;
  std::string node = kNode;
  node.replace(node.find("count: 4"), 8, wanted.gpus);
  tree.file("gpus.yaml", node + (wanted.faults.empty() ? "" : "faults:\n" + wanted.faults));
  const std::string file = (tree.root() / "gpus.yaml").string();
  Request request;
  request.probe = wanted.probe;
  request.ends = {{"node-1", wanted.gpu, ""}};
  request.measure = wanted.measure;
  request.sizes = wanted.sizes;
  request.options = wanted.options;
  request.options["drivers"] = "fake:" + file;
  const Topology topology;
  SystemClock clock;
  Ears ears;
  const Task task{topology, request, nullptr, Deadline::after(std::chrono::seconds(60)),
                  clock,    ears};
  const auto probe = gpu_probe(wanted.probe, open_gpus);
  REQUIRE_FALSE(probe->inapplicable(task));
  auto ran = probe->run(task);
  return {std::move(ran), std::move(ears.outcomes)};
}

const Measured& number(const Outcome& outcome) {
  if (outcome.failed() != nullptr) FAIL(outcome.failed()->error.message);
  if (outcome.skipped() != nullptr) FAIL(outcome.skipped()->reason);
  return *outcome.measured();
}

std::string first_gpu() {
  const auto answer = ask({"gpu_copy", {"local"}, "", "", {Bytes{4096}}});
  REQUIRE(answer.outcomes.size() == 4);
  return answer.outcomes[0].from.device;
}

}  // namespace

TEST_CASE("Every path of described GPUs is measured at its described rate, conclusively") {
  const auto answer = ask({"gpu_copy", {}, "", "", {Bytes{16U << 20U}}});
  REQUIRE(answer.ran);
  REQUIRE(answer.outcomes.size() == 24 + 4 + 12 + 6);
  for (const Outcome& outcome : answer.outcomes) {
    const Measured& measured = number(outcome);
    CHECK(measured.conclusive);
    CHECK(measured.batches.size() >= 6);
    if (outcome.parameters.at("traffic") != "one_way") continue;
    const bool host =
        outcome.from.device.rfind("numa", 0) == 0 || outcome.to.device.rfind("numa", 0) == 0;
    const bool local = outcome.from.device == outcome.to.device;
    // Less than described: each copy takes its start too, and a far NUMA node costs a tenth.
    CHECK_THAT(measured.value, WithinRel(host ? 55e9 : local ? 1.3e12 : 396e9, 0.12));
    CHECK(measured.median.value_or(0) > 0);
  }
}

TEST_CASE("A pair over NVLink is proven by the counters of both ends") {
  const auto answer = ask({"gpu_copy", {"write"}, "", "", {Bytes{64U << 20U}}});
  const Measured& measured = number(answer.outcomes.at(0));
  int counters = 0;
  for (const Proof& proof : measured.proof) {
    CHECK(proof.holds);
    if (proof.kind == "counter") ++counters;
  }
  CHECK(counters == 2);
}

TEST_CASE("A pair whose NVLink counters stand still has a sign that does not hold, at any speed") {
  const auto answer = ask({"gpu_copy",
                           {"write"},
                           "  - {kind: uncounted_pair, from: 0, to: 1}\n",
                           "",
                           {Bytes{64U << 20U}}});
  int unproven = 0;
  for (const Outcome& outcome : answer.outcomes) {
    const auto& proofs = number(outcome).proof;
    const auto bad =
        std::find_if(proofs.begin(), proofs.end(), [](const Proof& proof) { return !proof.holds; });
    if (bad == proofs.end()) continue;
    ++unproven;
    CHECK_THAT(bad->statement, ContainsSubstring("NVLink moved nothing"));
  }
  CHECK(unproven >= 1);
}

TEST_CASE("A slow pair is slow, and no other") {
  const auto answer = ask({"gpu_copy",
                           {"write"},
                           "  - {kind: slow_pair, from: 2, to: 3, rate: 40GB/s}\n",
                           "",
                           {Bytes{16U << 20U}}});
  int slow = 0;
  for (const Outcome& outcome : answer.outcomes) {
    if (number(outcome).value < 100e9) ++slow;
  }
  CHECK(slow >= 1);
  CHECK(slow <= 2);
}

TEST_CASE("A corrupting pair fails with the bytes that are wrong; the others are measured") {
  const auto answer = ask({"gpu_copy",
                           {"write"},
                           "  - {kind: corrupting_pair, from: 0, to: 1, byte: 7}\n",
                           "",
                           {Bytes{16U << 20U}}});
  int failed = 0;
  for (const Outcome& outcome : answer.outcomes) {
    if (outcome.failed() == nullptr) continue;
    ++failed;
    CHECK(outcome.failed()->error.code == ErrorCode::data_corrupt);
    CHECK_THAT(outcome.failed()->error.message, ContainsSubstring("the first at 7"));
  }
  CHECK(failed >= 1);
  CHECK(failed <= 2);
}

TEST_CASE("A GPU that a tenant holds is not touched: its numbers are skipped, with who holds it") {
  const auto answer = ask({"gpu_copy",
                           {"local", "write"},
                           "  - {kind: busy, gpu: 0, value: 4242}\n",
                           "",
                           {Bytes{4096}}});
  REQUIRE(answer.outcomes.size() == 16);
  int skipped = 0;
  for (const Outcome& outcome : answer.outcomes) {
    if (outcome.skipped() == nullptr) continue;
    ++skipped;
    CHECK_THAT(outcome.skipped()->reason, ContainsSubstring("is held by process"));
  }
  CHECK(skipped == 1 + 6);
}

TEST_CASE("Throttled clocks are told beside the number") {
  const auto answer =
      ask({"gpu_copy", {"local"}, "  - {kind: throttled, gpu: 1}\n", "", {Bytes{4096}}});
  int told = 0;
  for (const Outcome& outcome : answer.outcomes) {
    for (const auto& caveat : number(outcome).caveats) {
      CHECK_THAT(caveat, ContainsSubstring("clocks throttled"));
      ++told;
    }
  }
  CHECK(told == 1);
}

TEST_CASE("One GPU is asked for by its UUID; one that is not here is a reason to skip") {
  const std::string uuid = first_gpu();
  const auto answer = ask({"gpu_copy", {"local", "write"}, "", uuid, {Bytes{4096}}});
  REQUIRE(answer.outcomes.size() == 1);
  CHECK(answer.outcomes[0].from.device == uuid);
  const auto other = ask({"gpu_copy", {"local"}, "", "GPU-none", {Bytes{4096}}});
  REQUIRE(other.outcomes.size() == 1);
  CHECK_THAT(other.outcomes[0].skipped()->reason, ContainsSubstring("no GPU GPU-none"));
}

TEST_CASE("A size that does not fit is skipped with what would be needed") {
  const auto answer = ask({"gpu_copy", {"local"}, "", "", {Bytes{512ULL << 30U}}});
  REQUIRE(answer.outcomes.size() == 4);
  CHECK_THAT(answer.outcomes[0].skipped()->reason, ContainsSubstring("would be needed"));
}

TEST_CASE("A sweep tells the knee beside its largest size") {
  const auto answer = ask({"gpu_copy", {"local", "sweep"}, "", first_gpu(), {Bytes{16U << 20U}}});
  REQUIRE(answer.outcomes.size() == 7);
  CHECK(number(answer.outcomes.back()).counters.count("knee_bytes") == 1);
  CHECK(number(answer.outcomes.front()).counters.count("knee_bytes") == 0);
}

TEST_CASE("Latency has percentiles in seconds; all together has each stream's own share") {
  const auto latency = ask({"gpu_latency", {}, "", "", {}});
  REQUIRE(latency.outcomes.size() == 8 + 12);
  const Measured& half = number(latency.outcomes[0]);
  CHECK(half.unit == Unit::seconds);
  CHECK(half.p999.value_or(0) >= half.value);
  const auto together = ask({"gpu_together", {"one_to_all"}, "", "", {Bytes{16U << 20U}}});
  REQUIRE(together.outcomes.size() == 4);
  CHECK(number(together.outcomes[0]).counters.size() >= 3);
}

TEST_CASE("A row that the probe does not have is an error of the request") {
  const auto answer = ask({"gpu_latency", {"local"}, "", "", {}});
  REQUIRE_FALSE(answer.ran);
  CHECK(answer.ran.error().code == ErrorCode::invalid_input);
}

TEST_CASE("No driver is a reason before anything is tried") {
  const auto probe = gpu_probe("gpu_copy", [](const Request&) -> Result<GpuAccess> {
    return fail(ErrorCode::unavailable, "no NVIDIA driver: none here");
  });
  const Topology topology;
  Request request;
  request.ends = {{"node-1", "", ""}};
  SystemClock clock;
  Ears ears;
  const Task task{topology, request, nullptr, Deadline::never(), clock, ears};
  CHECK(probe->inapplicable(task) == "no NVIDIA driver: none here");
  const auto planned = probe->planned(request);
  REQUIRE(planned.size() == 1);
  CHECK(planned[0].probe == "gpu_copy");
  CHECK(planned[0].from.node == "node-1");
}

TEST_CASE("Who holds a GPU must be known before it is touched") {
  GpuNode node;
  node.source = "NVML 13";
  CHECK_THAT(*held_by(node, "GPU-1"), ContainsSubstring("nobody knows"));
  Gpu gpu;
  gpu.uuid = "GPU-1";
  gpu.memory = Bytes{80ULL << 30U};
  node.gpus = {gpu};
  CHECK_THAT(*held_by(node, "GPU-1"), ContainsSubstring("not known"));
  node.gpus[0].processes.emplace();
  CHECK_FALSE(held_by(node, "GPU-1"));
  node.gpus[0].free_memory = Bytes{77ULL << 30U};  // what a driver keeps for itself
  CHECK_FALSE(held_by(node, "GPU-1"));
  node.gpus[0].free_memory = Bytes{60ULL << 30U};
  CHECK_THAT(*held_by(node, "GPU-1"), ContainsSubstring("somebody who is not shown"));
  node.gpus[0].processes->push_back({4711, "compute", std::nullopt});
  CHECK_THAT(*held_by(node, "GPU-1"), ContainsSubstring("process 4711"));
}

TEST_CASE("A GPU that the stage knows to be held is left alone for that reason") {
  const std::string uuid = first_gpu();
  const auto answer = ask({"gpu_copy",
                           {"local"},
                           "",
                           "",
                           {Bytes{4096}},
                           {{"held", uuid + "=pod team/trainer-0 holds it\nnonsense\n"}}});
  REQUIRE(answer.outcomes.size() == 4);
  CHECK(answer.outcomes[0].skipped()->reason == "pod team/trainer-0 holds it");
  CHECK(number(answer.outcomes[1]).conclusive);
}

TEST_CASE("Ways that the hardware does not have are measured only when they are named") {
  const std::string cut = "  - {kind: throttled, gpu: 0}\nmig: [{gpu: 0, count: 2, profile: 1g}]\n";
  const std::string two = "count: 2";
  // Two slices and a GPU over two NUMA nodes: host both ways apart and together, and within each.
  const auto usual = ask({"gpu_copy", {}, cut, "", {Bytes{4096}}, {}, two});
  CHECK(usual.outcomes.size() == 6 + 6 + 6 + 3);
  const auto named = ask({"gpu_copy", {"write"}, cut, "", {Bytes{4096}}, {}, two});
  CHECK(named.outcomes.size() == 6);
}

TEST_CASE("Who asked for no probe by name is not told that it has nothing to do") {
  const std::string one = "count: 1";
  CHECK(ask({"gpu_together", {}, "", "", {}, {}, one}).outcomes.size() == 1);
  CHECK(ask({"gpu_together", {}, "", "", {}, {{"if_any", "yes"}}, one}).outcomes.empty());
}

TEST_CASE("Somebody else on a GPU is told from ourselves, also by numbers of another namespace") {
  const auto of = [](std::vector<std::uint32_t> pids) {
    std::vector<GpuProcess> processes;
    for (const auto pid : pids)
      processes.push_back({pid, "compute", std::nullopt});
    return processes;
  };
  CHECK_FALSE(newcomer(of({}), 10, 1));
  CHECK_FALSE(newcomer(of({10}), 10, 1));
  CHECK_FALSE(newcomer(of({99}), 10, 1));  // ourselves, by the host's number
  CHECK(newcomer(of({10, 99}), 10, 1) == "process 99");
  CHECK(newcomer(of({98, 99}), 10, 1) == "one of processes 98, 99");
  CHECK_FALSE(newcomer(of({10, 11}), 10, 2));
  CHECK(newcomer(of({10, 11, 99}), 10, 2) == "one of processes 11, 99");
}
