#include "tests/reports/fabric_sample.hpp"

#include <algorithm>
#include <array>

namespace plumbline::samples {
namespace {

Endpoint nic(std::size_t node, std::size_t rail) {
  return {node_name(node), "ens" + std::to_string(rail + 1),
          "rail-" + std::string(1, static_cast<char>('a' + rail))};
}

/// Batches that scatter by half a percent, the same in every run.
std::vector<double> batches_around(double value) {
  constexpr std::array<double, 6> scatter{0.0, 0.004, -0.003, 0.001, -0.004, 0.002};
  std::vector<double> batches;
  for (const double part : scatter)
    batches.push_back(value * (1 + part));
  return batches;
}

Proof counter(const Endpoint& at, const std::string& direction, double bytes) {
  return {"counter",
          at,
          "/sys/class/net/" + at.device + "/statistics/" + direction + "_bytes",
          direction + " grew by 31.2 MB, payload 30.1 MB",
          1e6,
          1e6 + bytes * 1.04,
          bytes,
          true};
}

Measured measured(Unit unit, double value) {
  Measured one;
  one.unit = unit;
  one.value = value;
  one.interval = {value * 0.996, value * 1.004};
  one.conclusive = true;
  one.batches = batches_around(value);
  return one;
}

std::size_t number_of(const std::string& node) {
  return static_cast<std::size_t>(std::stoul(node.substr(node.find('-') + 1)));
}

Outcome latency(const Endpoint& from, const Endpoint& to, double seconds) {
  Outcome outcome{"pair_latency", from, to, {{"size", "8"}}, Skipped{}, Seconds{1.5}, ""};
  Measured one = measured(Unit::seconds, seconds);
  one.p99 = seconds * 1.8;
  one.p999 = seconds * 3.1;
  outcome.result = one;
  return outcome;
}

void add_judged(Report& report, const Outcome& outcome, double times) {
  Expectation expected = expected_between(outcome.from, outcome.to);
  expected.rate.value *= times;
  report.judgements.push_back({outcome.key(), "ok", expected});
  report.outcomes.push_back(outcome);
}

void add_pair(Report& report, const Endpoint& from, const Endpoint& to) {
  const double rate = expected_between(from, to).rate.value * 0.994;
  add_judged(report, goodput(from, to, rate, "one_way"), 1);
  add_judged(report, goodput(to, from, rate * 1.002, "one_way"), 1);
  add_judged(report, goodput(from, to, rate * 1.98, "both_ways"), 2);
  const bool same = rack_name(number_of(from.node)) == rack_name(number_of(to.node));
  const Outcome late = latency(from, to, same ? 31e-6 : 58e-6);
  report.judgements.push_back({late.key(), "no expectation", std::nullopt});
  report.outcomes.push_back(late);
}

bool touches(const Outcome& outcome, const std::string& node) {
  return outcome.from.node == node || outcome.to.node == node;
}

}  // namespace

std::string node_name(std::size_t number) { return "node-" + std::to_string(number); }
std::string rack_name(std::size_t node_number) {
  return "rack-" + std::to_string((node_number + 1) / 2);
}

Report frame(std::size_t nodes, std::size_t rails) {
  Report report;
  report.stage = "virtual-rack";
  report.run_id = "20261123-062435-7f3a";
  report.started_at = "2026-11-23T06:24:35.123Z";
  report.finished_at = "2026-11-23T06:26:01.870Z";
  report.plumbline_version = "0.1.0";
  report.verdict = StageVerdict::pass;
  report.coverage = {1, 1, 1};
  for (std::size_t node = 1; node <= nodes; ++node) {
    report.nodes.push_back({node_name(node), rack_name(node), rack_name(node)});
  }
  for (std::size_t rail = 0; rail < rails; ++rail)
    report.rails.push_back(nic(1, rail).rail);
  report.facts = {{"kernel", "6.1.0-31-amd64"}, {"ucx", "1.13.1"}, {"open mpi", "4.1.4"}};
  return report;
}

Outcome goodput(const Endpoint& from, const Endpoint& to, double rate,
                const std::string& direction) {
  Outcome outcome{"pair_goodput",
                  from,
                  to,
                  {{"size", "1048576"}, {"direction", direction}},
                  Skipped{},
                  Seconds{2.4},
                  "2026-11-23T06:25:01.000Z"};
  Measured one = measured(Unit::bytes_per_second, rate);
  one.median = rate * 1.001;
  one.p5 = rate * 0.98;
  one.counters = {{"from.retransmits", 0}, {"to.retransmits", 0}};
  one.proof = {{"library", from, "ucp_ep_print_info", "tcp/" + from.device, {}, {}, {}, true},
               counter(from, "tx", 30.1e6),
               counter(to, "rx", 30.1e6)};
  outcome.result = one;
  return outcome;
}

Expectation expected_between(const Endpoint& from, const Endpoint& to) {
  const std::string rack = rack_name(number_of(from.node));
  if (rack == rack_name(number_of(to.node))) {
    return {{kWithinRack},
            "slowest hop: nic " + from.node + '/' + from.rail + " 200 Mb/s (declared)",
            "declared in stage.yaml",
            0.9};
  }
  return {{kBetweenRacks},
          "slowest hop: uplink " + rack + '/' + from.rail + " 100 Mb/s (declared)",
          "declared in stage.yaml",
          0.9};
}

void add_pairs(Report& report, std::size_t nodes) {
  for (std::size_t rail = 0; rail < report.rails.size(); ++rail) {
    for (std::size_t from = 1; from <= nodes; ++from) {
      for (std::size_t to = from + 1; to <= nodes; ++to) {
        add_pair(report, nic(from, rail), nic(to, rail));
      }
    }
  }
}

void add_node_probes(Report& report, std::size_t nodes) {
  for (std::size_t node = 1; node <= nodes; ++node) {
    const Endpoint numa{node_name(node), "numa0", ""};
    const Endpoint lo{node_name(node), "lo", ""};
    const double scale = 1 + 0.01 * static_cast<double>(node);
    report.outcomes.push_back({"memory_copy",
                               numa,
                               numa,
                               {},
                               measured(Unit::bytes_per_second, 11.2e9 * scale),
                               Seconds{0.8},
                               ""});
    report.outcomes.push_back({"loopback_latency",
                               lo,
                               lo,
                               {},
                               measured(Unit::seconds, 9.1e-6 * scale),
                               Seconds{0.6},
                               ""});
  }
}

void add_collectives(Report& report) {
  const std::array<std::pair<std::string, std::string>, 4> groups{
      {{"all", "6"}, {"rack-1", "2"}, {"rack-2", "2"}, {"rack-3", "2"}}};
  for (const auto& [group, ranks] : groups) {
    const Endpoint rail{"", "", "rail-a"};
    const double expected = group == "all" ? kBetweenRacks : kWithinRack;
    const Outcome outcome{"all_reduce",
                          rail,
                          rail,
                          {{"group", group}, {"ranks", ranks}, {"size", "4194304"}},
                          measured(Unit::bytes_per_second, expected * 0.93),
                          Seconds{3.1},
                          ""};
    report.judgements.push_back(
        {outcome.key(), "ok",
         Expectation{{expected}, "slowest hop of the ring x 1.0", "declared in stage.yaml", 0.8}});
    report.outcomes.push_back(outcome);
  }
}

void slow_down(Report& report, const std::string& node, const std::string& rail, double factor) {
  for (Outcome& outcome : report.outcomes) {
    auto* one = std::get_if<Measured>(&outcome.result);
    if (one == nullptr || outcome.probe != "pair_goodput") continue;
    if (!touches(outcome, node) || outcome.from.rail != rail) continue;
    one->value *= factor;
    one->interval = {one->value * 0.996, one->value * 1.004};
    one->batches = batches_around(one->value);
    one->median = one->value;
    one->p5 = one->value * 0.97;
    for (PathJudgement& judgement : report.judgements) {
      if (judgement.key == outcome.key()) judgement.verdict = "degraded";
    }
  }
}

void skip_node(Report& report, const std::string& node, const std::string& reason) {
  for (Outcome& outcome : report.outcomes) {
    if (!touches(outcome, node)) continue;
    const std::string key = outcome.key();
    outcome.result = Skipped{reason};
    std::erase_if(report.judgements, [&key](const PathJudgement& one) { return one.key == key; });
  }
}

void order(Report& report) {
  std::stable_sort(report.outcomes.begin(), report.outcomes.end(),
                   [](const Outcome& one, const Outcome& other) {
                     return one.measured() == nullptr && other.measured() != nullptr;
                   });
}

Finding finding(const std::string& rule, Verdict verdict, const Subject& subject,
                const std::string& message) {
  Finding one;
  one.rule = rule;
  one.verdict = verdict;
  one.subject = subject;
  one.message = message;
  one.tier = "A";
  return one;
}

}  // namespace plumbline::samples
