// A node with eight GPUs behind NVSwitch, as a stage on described GPUs reports it.
#include <array>

#include "tests/reports/fabric_sample.hpp"
#include "tests/reports/samples.hpp"

namespace plumbline::samples {
namespace {

constexpr int kGpus = 8;
constexpr double kPeer = 396.4e9;
constexpr double kHost = 55.4e9;
constexpr double kLocal = 1.35e12;

std::string gpu(int index) {
  return "GPU-fa4e8d1c-0b2a-4000-8000-00000000000" + std::to_string(index);
}

Endpoint end(const std::string& device) { return {"node-1", device, ""}; }

Outcome gpu_copy(const std::string& from, const std::string& to, const std::string& traffic) {
  Outcome outcome{"gpu_copy",
                  end(from),
                  end(to),
                  {{"engine", "dma"}, {"size", "268435456"}, {"traffic", traffic}},
                  Skipped{},
                  Seconds{1.1},
                  "2026-11-23T06:25:01.000Z"};
  if (traffic == "one_way" && from.front() == 'G' && to.front() == 'G' && from != to)
    outcome.parameters["direction"] = "write";
  return outcome;
}

Measured rate(double value) {
  Measured one;
  one.unit = Unit::bytes_per_second;
  one.value = value;
  one.interval = {value * 0.998, value * 1.002};
  one.median = value * 1.0004;
  one.p5 = value * 0.995;
  one.conclusive = true;
  for (const double part : std::array<double, 6>{0, 0.001, -0.002, 0.001, -0.001, 0.002})
    one.batches.push_back(value * (1 + part));
  return one;
}

/// A path with an expectation of twice the half, or with none.
void add(Report& report, Outcome outcome, double value, double expected) {
  outcome.result = rate(value);
  PathJudgement judgement{outcome.key(), "no expectation", std::nullopt};
  if (expected > 0) {
    judgement.verdict = value >= 0.9 * expected ? "ok" : "degraded";
    judgement.expectation =
        Expectation{{expected}, "18 NVLinks x 25 GB/s x 0.88 (nvbandwidth, H200)", "NVML", 0.9};
  }
  report.judgements.push_back(std::move(judgement));
  report.outcomes.push_back(std::move(outcome));
}

void add_host(Report& report, int index) {
  for (const std::string numa : {"numa0", "numa1"}) {
    const bool near = (index < kGpus / 2) == (numa == "numa0");
    const double value = near ? kHost : kHost * 0.9;
    add(report, gpu_copy(numa, gpu(index), "one_way"), value, near ? kHost : 0);
    add(report, gpu_copy(gpu(index), numa, "one_way"), value * 0.99, near ? kHost : 0);
    add(report, gpu_copy(numa, gpu(index), "both_ways"), value * 1.6, 0);
  }
}

void add_peers(Report& report, int from, int to) {
  const double share = from == 2 && to == 5 ? 0.45 : 1;
  add(report, gpu_copy(gpu(from), gpu(to), "one_way"), kPeer * share, kPeer);
  if (from < to)
    add(report, gpu_copy(gpu(from), gpu(to), "both_ways"), kPeer * (1 + share) * 0.99, 2 * kPeer);
}

Outcome& outcome_of(Report& report, const Outcome& like) {
  for (Outcome& outcome : report.outcomes) {
    if (outcome.key() == like.key()) return outcome;
  }
  return report.outcomes.front();
}

}  // namespace

Report eight_gpus() {
  Report report = frame(0, 0);
  report.stage = "eight GPUs";
  report.from_fakes = true;
  report.nodes = {{"node-1", "", ""}};
  for (int from = 0; from < kGpus; ++from) {
    add_host(report, from);
    add(report, gpu_copy(gpu(from), gpu(from), "one_way"), kLocal, 0);
    for (int to = 0; to < kGpus; ++to) {
      if (from != to) add_peers(report, from, to);
    }
  }
  outcome_of(report, gpu_copy(gpu(1), gpu(6), "one_way")).result =
      Failed{{ErrorCode::data_corrupt, "4096 of 268435456 bytes are not those sent"}, "node-1"};
  outcome_of(report, gpu_copy(gpu(7), gpu(0), "one_way")).result =
      Skipped{"pod team/trainer-0 holds GPU " + gpu(7)};
  Finding slow = finding("gpu_path", Verdict::degraded,
                         {"gpu_pair", "node-1/" + gpu(2) + " -> " + gpu(5), "node-1", ""},
                         gpu(2) + " -> " + gpu(5) + " on node-1 copies at 178 GB/s");
  report.findings = {std::move(slow)};
  report.verdict = StageVerdict::fail;
  report.because = {"gpu_pair node-1/" + gpu(2) + " -> " + gpu(5) + " is slow"};
  order(report);
  return report;
}

}  // namespace plumbline::samples
