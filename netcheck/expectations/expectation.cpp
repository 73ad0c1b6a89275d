#include "netcheck/expectations/expectation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

#include "netcheck/expectations/group_load.hpp"
#include "netcheck/expectations/rates.hpp"
#include "netcheck/expectations/thresholds.hpp"
#include "netcheck/lookup.hpp"
#include "netcheck/rdma/layers.hpp"
#include "netcheck/transport.hpp"

namespace plumbline::netcheck {
namespace {

std::string three_decimals(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3f", value);
  return text.data();
}

std::string notes_for(const Racks& racks, const std::vector<std::string>& nodes) {
  std::string text;
  for (const std::string& node : nodes) {
    const auto note = racks.notes.find(node);
    if (note != racks.notes.end()) text += "; " + note->second;
  }
  return text;
}

/// What RDMA leaves of the rate, when the number was taken over it; nothing over sockets.
std::optional<PayloadShare> share_by_rdma(const Facts& facts, const Outcome& outcome) {
  const RdmaDevice* one = rdma_on(facts, outcome.from);
  const RdmaDevice* other = rdma_on(facts, outcome.to);
  if (one == nullptr || other == nullptr || one->ports.empty() || other->ports.empty() ||
      !used_rdma(outcome)) {
    return std::nullopt;
  }
  const RdmaPort& port = one->ports.front();
  const auto mtu = std::min(port.active_mtu, other->ports.front().active_mtu);
  const bool software = !port.rate;
  return rdma_share(mtu, false, !software, port.link_layer == "InfiniBand");
}

/// Over RDMA the PCIe link of an end may be slower than every hop of the fabric.
void limit_by_pcie(const Facts& facts, const Outcome& outcome, HopRate& slowest) {
  if (!used_rdma(outcome)) return;
  for (const Endpoint& end : {outcome.from, outcome.to}) {
    const auto layer = pcie_layer(facts, end);
    if (!layer || layer->rate.value >= slowest.rate.value * slowest.payload.share) continue;
    slowest.hop = {ComponentKind::nic, end.node, end.rail};
    slowest.payload = {1.0, layer->because};
    slowest.rate = layer->rate;
    slowest.source = "PCIe link of " + end.node + "/" + end.device;
  }
}

Expected expect_over(const Facts& facts, const std::vector<Component>& path,
                     const Threshold& threshold, double times, const Outcome* pair = nullptr,
                     const std::vector<double>& shares = {}) {
  Expected expected;
  std::string unknown;
  auto slowest = slowest_hop(facts, path, unknown, shares);
  if (!slowest) {
    expected.reason = "the rate of " + unknown + " is neither read nor declared";
    return expected;
  }
  if (const auto rdma = pair == nullptr ? std::nullopt : share_by_rdma(facts, *pair)) {
    slowest->payload = *rdma;
    limit_by_pcie(facts, *pair, *slowest);
  }
  Expectation expectation;
  expectation.rate = {slowest->rate.value * slowest->payload.share * times / slowest->share};
  expectation.derivation = "slowest hop: " + slowest->hop.name() + " " +
                           format_link_rate(slowest->rate) + " (" + slowest->source + ") x " +
                           three_decimals(slowest->payload.share) + " (" +
                           slowest->payload.because + ")";
  if (times > 1) expectation.derivation += " x 2 (both ways at once)";
  if (!shares.empty() && std::abs(slowest->share - 1) > 1e-9) {
    expectation.derivation +=
        " / " + three_decimals(slowest->share) + " (what it carries of the bus bandwidth)";
  }
  expectation.derivation += "; ok from " + three_decimals(threshold.least) + " of it on (" +
                            threshold.source + ", " + threshold.date + ")";
  expectation.source = slowest->source;
  expectation.threshold = threshold.least;
  expected.ceiling = {slowest->rate.value * times / slowest->share};
  expected.expectation = std::move(expectation);
  return expected;
}

}  // namespace

const char* to_string(NumberVerdict verdict) noexcept {
  switch (verdict) {
    case NumberVerdict::ok:
      return "ok";
    case NumberVerdict::degraded:
      return "degraded";
    case NumberVerdict::inconclusive:
      return "inconclusive";
    case NumberVerdict::no_expectation:
      return "no expectation";
  }
  return "no expectation";
}

Expected expect_pair(const Facts& facts, const Racks& racks, const Outcome& outcome) {
  const std::string direction = parameter(outcome, "direction");
  const Threshold* threshold = threshold_for(outcome.probe, direction);
  if (threshold == nullptr) return {{}, {}, "nothing is known to hold a " + outcome.probe + " to"};
  const auto path = path_between(racks, outcome.from.rail, outcome.from.node, outcome.to.node);
  if (!path) {
    const bool first = racks.of.count(outcome.from.node) == 0;
    return {
        {}, {}, "the rack of " + (first ? outcome.from.node : outcome.to.node) + " is not known"};
  }
  const double times = direction == "both_ways" ? 2.0 : 1.0;
  Expected expected = expect_over(facts, *path, *threshold, times, &outcome);
  if (expected.expectation) {
    expected.expectation->derivation += notes_for(racks, {outcome.from.node, outcome.to.node});
  }
  return expected;
}

Expected expect_group(const Facts& facts, const Racks& racks, const Outcome& outcome,
                      const std::vector<std::string>& nodes) {
  const Threshold* threshold = threshold_for(outcome.probe, "");
  if (threshold == nullptr) return {{}, {}, "nothing is known to hold a " + outcome.probe + " to"};
  if (nodes.size() < 2) return {{}, {}, "its group has no two nodes on " + outcome.from.rail};
  const auto loads = loads_of(outcome.probe, racks, outcome.from.rail, nodes);
  if (loads.empty()) return {{}, {}, "the rack of a node of its group is not known"};
  std::vector<Component> parts;
  std::vector<double> shares;
  for (const PartLoad& load : loads) {
    parts.push_back(load.part);
    shares.push_back(load.share);
  }
  Expected expected = expect_over(facts, parts, *threshold, 1.0, nullptr, shares);
  if (expected.expectation) expected.expectation->derivation += notes_for(racks, nodes);
  return expected;
}

JudgedNumber judge_number(const Measured& measured, Expected expected) {
  JudgedNumber judged;
  judged.expected = std::move(expected);
  if (!judged.expected.expectation) {
    judged.why = judged.expected.reason;
    return judged;
  }
  const Expectation& expectation = *judged.expected.expectation;
  const double least = expectation.threshold * expectation.rate.value;
  judged.impossible = measured.interval.low > kImpossible * judged.expected.ceiling.value;
  if (judged.impossible) {
    judged.verdict = NumberVerdict::inconclusive;
    judged.why = "measured " + format_rate({measured.value}) +
                 ", more than the slowest hop's rate of " + format_rate(judged.expected.ceiling) +
                 ": the measurement, the declared rate or the path is not what it is taken for";
  } else if (measured.interval.low >= least) {
    judged.verdict = NumberVerdict::ok;
  } else if (measured.interval.high < least) {
    judged.verdict = NumberVerdict::degraded;
  } else {
    judged.verdict = NumberVerdict::inconclusive;
    judged.why = "the interval " + format_rate({measured.interval.low}) + " to " +
                 format_rate({measured.interval.high}) + " holds the limit of " +
                 format_rate({least});
  }
  return judged;
}

}  // namespace plumbline::netcheck
