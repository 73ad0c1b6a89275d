#include "tests/reports/samples.hpp"

#include <algorithm>

#include "tests/reports/fabric_sample.hpp"

namespace plumbline::samples {
namespace {

constexpr std::size_t kSix = 6;

void add_requirements(Report& report) {
  report.requirements = {
      {"high_performance_networking", "SHOULD", report.verdict, report.because},
      {"gang_scheduling", "MUST", StageVerdict::pass, {"gang plumbline/gang sits in rack-1"}}};
}

Finding true_slice(std::size_t node) {
  const std::string name = node_name(node) + "/ens1";
  Finding one = finding("X03", Verdict::match, {"nic", name, node_name(node), "rail-a"},
                        name + " has the MAC that its slice publishes");
  one.claim = ClaimRef{"ResourceSlice",
                       node_name(node) + "-dra.net",
                       "6a4c0e0e-6e1d-4c6c-9a2b-0f5ce32b8a01",
                       "1201",
                       "spec.devices[0].attributes[dra.net/mac]",
                       "02:70:01:00:00:0" + std::to_string(node)};
  one.evidence = {{"/sys/class/net/ens1/address on " + node_name(node), one.claim->value,
                   "2026-11-23T06:24:41.000Z"}};
  return one;
}

Report full() {
  Report report = frame(kSix, 2);
  add_pairs(report, kSix);
  add_node_probes(report, kSix);
  add_collectives(report);
  for (std::size_t node = 1; node <= kSix; ++node)
    report.findings.push_back(true_slice(node));
  report.findings.push_back(finding("X10", Verdict::match, {"gang", "plumbline/gang", "", ""},
                                    "gang plumbline/gang asks for one rack and sits in rack-1"));
  report.because = {"all 60 paths reach what their slowest hop allows, and all claims are true"};
  return report;
}

/// The key of the path of `report` that tells of the slow NIC.
std::string telling(const Report& report) {
  for (const Outcome& outcome : report.outcomes) {
    if (outcome.probe == "pair_goodput" && outcome.to.node == "node-3") return outcome.key();
  }
  return {};
}

Finding slow_finding(const Report& report) {
  Finding one = finding("path", Verdict::degraded, {"nic", "node-3/ens1", "node-3", "rail-a"},
                        "all 10 paths through nic node-3/rail-a reach about 30 % of what is "
                        "expected; its partners are fine with each other");
  one.next_step =
      "Check cable, port and link rate of ens1 on node-3, and its leaf port; then run "
      "plumbline pair node-3 node-4 again.";
  one.claim = ClaimRef{"ResourceSlice",
                       "node-3-dra.net",
                       "6a4c0e0e-6e1d-4c6c-9a2b-0f5ce32b8a01",
                       "1201",
                       "spec.devices[0].attributes[dra.net/state]",
                       "up"};
  one.evidence = {{"/sys/class/net/ens1/operstate on node-3", "up", "2026-11-23T06:24:41.000Z"},
                  {"/sys/class/net/ens1/carrier_down_count on node-3", "0", ""},
                  {"10 paths through nic node-3/rail-a", "3.7 MB/s to 7.4 MB/s", ""}};
  one.measurement = telling(report);
  one.expectation = Expectation{{kBetweenRacks},
                                "slowest hop: uplink rack-1/rail-a 100 Mb/s "
                                "(declared) x 0.99 for headers",
                                "declared in stage.yaml",
                                0.9};
  return one;
}

void fail_because(Report& report, const std::vector<std::string>& because) {
  report.verdict = StageVerdict::fail;
  report.because = because;
  add_requirements(report);
  order(report);
}

Finding lying_label() {
  Finding one =
      finding("X11", Verdict::violation, {"label", "fabric.topograph.run/tier-0", "node-4", ""},
              "node-4's label says rack-3, but it measures with rack-2");
  one.next_step = "Correct the label of node-4, or find out who writes it.";
  one.claim = ClaimRef{"Node",
                       "node-4",
                       "0d7c1d4e-7d1e-4f0e-8d5f-2f0f6f8f9a77",
                       "881",
                       "metadata.labels[fabric.topograph.run/tier-0]",
                       "rack-3"};
  one.evidence = {{"clusters inferred from 60 paths", "{node-3, node-4}", ""}};
  return one;
}

}  // namespace

Report healthy() {
  Report report = full();
  add_requirements(report);
  return report;
}

Report slow_nic() {
  Report report = full();
  slow_down(report, "node-3", "rail-a", 0.3);
  report.findings.insert(report.findings.begin(), slow_finding(report));
  fail_because(report, {"nic node-3/ens1 (rail-a) reaches 30 % of what is expected"});
  return report;
}

Report ambiguous() {
  Report report = full();
  slow_down(report, "node-3", "rail-b", 0.6);
  Finding one = slow_finding(report);
  one.subject = {"uplink", "rack-2/rail-b", "", "rail-b"};
  one.ambiguity = {one.subject, {"nic", "node-3/ens2", "node-3", "rail-b"}};
  one.message = "paths from rack-2 on rail-b reach 60 % of what is expected";
  one.claim.reset();
  report.findings.insert(report.findings.begin(), {lying_label(), one});
  report.findings.push_back(finding("X13", Verdict::unclaimed, {"gang", "tenant/loader", "", ""},
                                    "pods of tenant/loader ask for no placement"));
  report.nodes[3].rack = "rack-3";
  fail_because(report, {"label fabric.topograph.run/tier-0 of node-4 is wrong",
                        "uplink rack-2/rail-b or nic node-3/ens2 is slow"});
  return report;
}

Report dead_agent() {
  Report report = full();
  const std::string reason = "agent on node-5 does not answer: connect to 10.70.0.15:7443: refused";
  skip_node(report, "node-5", reason);
  Finding one = finding("agent", Verdict::unobservable, {"agent", "node-5", "node-5", ""}, reason);
  one.next_step = "Start plumbline agent on node-5, then run the stage again with --resume.";
  report.findings.insert(report.findings.begin(), one);
  report.verdict = StageVerdict::inconclusive;
  report.because = {"agent on node-5 does not answer, so 34 % of the pairs are not measured"};
  report.coverage = {5.0 / 6, 1, 20.0 / 30};
  add_requirements(report);
  order(report);
  return report;
}

Report from_fakes() {
  Report report = healthy();
  report.from_fakes = true;
  return report;
}

/// Two pods that run, one that must wait and does, and a gang that was preempted.
Workloads placed() {
  Workloads workloads{"plumbline", "plumbline-7k2mabcdef", "Job", {}, {}, "", {}};
  const auto pod = [](const std::string& workload, std::int64_t rank, const std::string& node) {
    PlacedPod one;
    one.binding = {"Pod",
                   "plumbline/plumbline-7k2mabcdef-" + workload + "-" + std::to_string(rank),
                   "6a4c0e0e-6e1d-4c6c-9a2b-0f5ce32b8a02",
                   "1402",
                   "spec.nodeName",
                   node};
    one.workload = workload;
    one.rank = rank;
    one.scheduler = "default-scheduler";
    one.phase = node.empty() ? "Pending" : "Running";
    if (node.empty()) one.waiting = "Unschedulable: 0/6 nodes are available: 6 Insufficient rdma";
    if (!node.empty()) one.devices = {"rdma/hca/ens1", "rdma/hca/ens2"};
    return one;
  };
  workloads.pods = {pod("gang", 0, "node-1"), pod("gang", 1, "node-2"), pod("negative", 0, "")};
  workloads.pods[1].ended = "was deleted";
  workloads.controls = {{"positive",
                         ControlState::behaved,
                         "2 pods are bound and run.",
                         "2 of 2 run, on 2 nodes.",
                         {}},
                        {"negative",
                         ControlState::misbehaved,
                         "1 pod must wait.",
                         "It was watched for 3 s only.",
                         {"Pod plumbline/plumbline-7k2mabcdef-negative-0 spec.nodeName = \"\""}}};
  workloads.ended = "pod plumbline/plumbline-7k2mabcdef-gang-1 on node-2 was deleted";
  workloads.left = {"Job plumbline-7k2mabcdef-gang: the server does not answer"};
  return workloads;
}

Report interrupted() {
  Report report = healthy();
  report.interrupted = true;
  report.interruption = "deadline of 10m reached";
  report.verdict = StageVerdict::inconclusive;
  report.because = {"the stage was interrupted before half of the pairs were measured"};
  report.coverage = {1, 1, 0.5};
  report.workloads = placed();
  skip_node(report, "node-6", "not started before the deadline");
  Outcome& last = report.outcomes.back();
  last.result = Failed{{ErrorCode::deadline_exceeded, "the probe was killed after 8 s"}, "node-2"};
  order(report);
  return report;
}

Report empty() { return {}; }

Report large(std::size_t nodes, std::size_t rails) {
  Report report = frame(nodes, rails);
  for (std::size_t rail = 0; rail < rails; ++rail) {
    const std::string name = report.rails[rail];
    const std::string device = "ens" + std::to_string(rail + 1);
    for (std::size_t from = 1; from <= nodes; ++from) {
      for (std::size_t to = 1; to <= nodes; ++to) {
        if (from == to) continue;
        const Endpoint one{node_name(from), device, name};
        const Endpoint other{node_name(to), device, name};
        const bool slow =
            rail + 1 == rails && (rack_name(from) == "rack-7") != (rack_name(to) == "rack-7");
        const Expectation expected = expected_between(one, other);
        Outcome outcome =
            goodput(one, other, expected.rate.value * (slow ? 0.55 : 0.99), "one_way");
        std::get<Measured>(outcome.result).proof.clear();
        report.judgements.push_back({outcome.key(), slow ? "degraded" : "ok", expected});
        report.outcomes.push_back(std::move(outcome));
      }
    }
  }
  Finding one = finding("path", Verdict::degraded,
                        {"uplink", "rack-7/" + report.rails.back(), "", report.rails.back()},
                        "paths over this uplink reach 55 % of what is expected");
  one.next_step = "Check the uplink of rack-7's leaf on this rail.";
  report.findings = {one};
  fail_because(report, {"uplink " + one.subject.name + " is slow"});
  return report;
}

std::vector<std::string> hostile_names() {
  return {"<script>window.owned=1</script>",
          "</script><img src=x onerror=window.owned=2>",
          "quote\"apostrophe'amp&lt;",
          "esc\x1b[31mred\x1b[0m\x07\nnext\tline",
          "right\xE2\x80\xAEtfel\xE2\x80\xAC-to\xE2\x80\x8Bzero",
          "separators\xE2\x80\xA8\xE2\x80\xA9]]>-->",
          "broken\xff\xc3(utf8",
          "wide-\xE7\xAF\x80\xE7\x82\xB9-\xF0\x9F\xA6\x84",
          "very-" + std::string(300, 'l') + "ong"};
}

Report hostile() {
  const std::vector<std::string> names = hostile_names();
  Report report = frame(0, 0);
  report.stage = names[0];
  report.run_id = names[1];
  report.rails = {names[2]};
  for (const std::string& name : names)
    report.nodes.push_back({name, names[0], names[3]});
  for (std::size_t at = 0; at < names.size(); ++at) {
    Finding one = finding(names[at], Verdict::violation, {names[1], names[at], names[4], names[5]},
                          "message " + names[at]);
    one.next_step = names[at];
    one.claim = ClaimRef{names[0], names[at], names[1], names[3], names[5], names[at]};
    one.evidence = {{names[at], names[1], names[3]}};
    one.ambiguity = {one.subject, {"nic", names[0], names[1], ""}};
    report.findings.push_back(one);
    const Endpoint from{names[at], names[3], names[2]};
    const Endpoint to{names[(at + 1) % names.size()], names[0], names[2]};
    Outcome outcome = goodput(from, to, 1e7, "one_way");
    if (at % 3 == 1) outcome.result = Skipped{names[at]};
    if (at % 3 == 2) outcome.result = Failed{{ErrorCode::internal, names[at]}, names[0]};
    report.outcomes.push_back(outcome);
  }
  report.requirements = {{names[0], names[1], StageVerdict::fail, names}};
  report.facts = {{names[0], names[1]}, {names[3], names[4]}};
  report.verdict = StageVerdict::fail;
  report.because = names;
  return report;
}

std::vector<Sample> all() {
  return {{"healthy", healthy()},         {"slow-nic", slow_nic()}, {"ambiguous", ambiguous()},
          {"dead-agent", dead_agent()},   {"hostile", hostile()},   {"from-fakes", from_fakes()},
          {"interrupted", interrupted()}, {"empty", empty()},       {"gpus", eight_gpus()},
          {"large", large(64, 1)}};
}

}  // namespace plumbline::samples
