#include "reports/view.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <set>
#include <string_view>

#include "reports/text.hpp"

namespace plumbline::reports {
namespace {

std::uint64_t number_in(const std::string& text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string end_text(const Endpoint& end) {
  if (end.node.empty()) return end.device.empty() ? end.rail : end.device;
  return end.device.empty() ? end.node : end.node + '/' + end.device;
}

std::string size_text(const Outcome& outcome) {
  const std::string size = parameter(outcome, "size");
  return size.empty() ? size : ' ' + format_size(Bytes{number_in(size)});
}

std::string collective_text(const Outcome& outcome) {
  const std::string group = parameter(outcome, "group");
  const std::string ranks = parameter(outcome, "ranks");
  const std::string transport = parameter(outcome, "transport");
  return outcome.probe + (group.empty() ? "" : " in group " + group) +
         (ranks.empty() ? "" : ", " + ranks + " ranks") + size_text(outcome) +
         (transport.empty() ? "" : " by " + transport);
}

/// Too few batches leave an interval without bounds.
std::string interval_text(const Measured& measured) {
  const Interval& interval = measured.interval;
  if (!std::isfinite(interval.low) || !std::isfinite(interval.high)) return "[no interval]";
  return '[' + value_text(measured.unit, interval.low) + ", " +
         value_text(measured.unit, interval.high) + ']';
}

std::string proof_text(const Measured& measured) {
  if (measured.proof.empty()) return ", path not proven";
  const auto held = std::count_if(measured.proof.begin(), measured.proof.end(),
                                  [](const Proof& proof) { return proof.holds; });
  return ", path proven by " + std::to_string(held) + " of " +
         counted(measured.proof.size(), "sign");
}

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

/// The digits at the start of `text`, taken off it, without leading zeros.
std::string_view take_digits(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && is_digit(text[length]))
    ++length;
  std::string_view digits = text.substr(0, length);
  text.remove_prefix(length);
  while (digits.size() > 1 && digits.front() == '0')
    digits.remove_prefix(1);
  return digits;
}

/// "rack-2" before "rack-10": numbers within names compare as numbers.
bool comes_before(std::string_view one, std::string_view other) {
  while (!one.empty() && !other.empty()) {
    if (is_digit(one.front()) && is_digit(other.front())) {
      const std::string_view first = take_digits(one);
      const std::string_view second = take_digits(other);
      if (first.size() != second.size()) return first.size() < second.size();
      if (first != second) return first < second;
      continue;
    }
    if (one.front() != other.front()) return one.front() < other.front();
    one.remove_prefix(1);
    other.remove_prefix(1);
  }
  return one.size() < other.size();
}

void add_unnamed(std::vector<ReportNode>& nodes, const Report& report) {
  std::set<std::string> known;
  for (const ReportNode& node : nodes)
    known.insert(node.name);
  for (const Outcome& outcome : report.outcomes) {
    for (const Endpoint* end : {&outcome.from, &outcome.to}) {
      if (end->node.empty() || !known.insert(end->node).second) continue;
      nodes.push_back({end->node, "", ""});
    }
  }
}

bool is_both_ways(const Outcome& outcome) {
  return parameter(outcome, "direction") == "both_ways" ||
         parameter(outcome, "traffic") == "both_ways";
}

/// "copy 512 MiB, pulled", "copy by kernel both ways".
std::string copy_text(const Outcome& outcome) {
  std::string text = "copy";
  if (parameter(outcome, "engine") == "sm") text += " by kernel";
  if (is_both_ways(outcome)) text += " both ways";
  text += size_text(outcome);
  if (parameter(outcome, "direction") == "read") text += ", pulled";
  return text;
}

}  // namespace

Index::Index(const Report& report) {
  for (const Outcome& outcome : report.outcomes)
    outcomes_.emplace(outcome.key(), &outcome);
  for (const PathJudgement& one : report.judgements)
    judgements_.emplace(one.key, &one);
}

const Outcome* Index::outcome(const std::string& key) const {
  const auto found = outcomes_.find(key);
  return found == outcomes_.end() ? nullptr : found->second;
}

const PathJudgement* Index::judgement(const std::string& key) const {
  const auto found = judgements_.find(key);
  return found == judgements_.end() ? nullptr : found->second;
}

std::string Index::verdict(const Outcome& outcome) const {
  const PathJudgement* found = judgement(outcome.key());
  return found == nullptr ? std::string() : found->verdict;
}

Concern concern(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::match:
      return Concern::fine;
    case Verdict::violation:
    case Verdict::drift:
    case Verdict::degraded:
      return Concern::problem;
    case Verdict::preference_not_met:
    case Verdict::unclaimed:
      return Concern::note;
    case Verdict::vacuous:
    case Verdict::unobservable:
      break;
  }
  return Concern::unchecked;
}

std::vector<const Finding*> findings_of(const Report& report, Concern wanted) {
  std::vector<const Finding*> found;
  for (const Finding& finding : report.findings) {
    if (concern(finding.verdict) == wanted) found.push_back(&finding);
  }
  return found;
}

std::string subject_text(const Subject& subject) {
  std::string text = subject.kind + ' ' + subject.name;
  if (!subject.rail.empty() && subject.name.find(subject.rail) == std::string::npos) {
    text += " (" + subject.rail + ')';
  }
  if (!subject.node.empty() && subject.name.find(subject.node) == std::string::npos) {
    text += " on " + subject.node;
  }
  return text;
}

std::map<std::string, std::string> short_names(const std::vector<std::string>& devices) {
  constexpr std::size_t least = 4;
  std::map<std::string, std::string> names;
  for (std::size_t letters = least; letters <= 64; ++letters) {
    names.clear();
    std::set<std::string> used;
    for (const std::string& device : devices) {
      const bool long_name = device.size() > 12;
      const std::string name =
          long_name ? device.substr(0, 3) + "~" +
                          device.substr(device.size() - std::min(letters, device.size()))
                    : device;
      names[device] = name;
      used.insert(name);
    }
    if (used.size() == names.size()) break;
  }
  return names;
}

std::string path_text(const Outcome& outcome) {
  const std::string from = end_text(outcome.from);
  const std::string to = end_text(outcome.to);
  if (to.empty() || outcome.from == outcome.to) return from;
  const bool both = is_both_ways(outcome);
  return from + (both ? " <-> " : " -> ") + to;
}

std::string quantity_text(const Outcome& outcome) {
  const bool both = is_both_ways(outcome);
  if (outcome.probe == "gpu_copy") return copy_text(outcome);
  if (outcome.probe == "gpu_latency") return "GPU latency p50";
  if (outcome.probe == "pair_goodput") {
    return (both ? "goodput both ways" : "goodput") + size_text(outcome);
  }
  if (outcome.probe == "pair_latency") return "latency p50";
  if (outcome.probe == "loopback_latency") return "loopback latency p50";
  if (outcome.probe == "memory_copy") return "memory copy";
  return collective_text(outcome);
}

std::string value_text(Unit unit, double value) {
  return unit == Unit::seconds ? format_time(Seconds{value}) : format_rate(BytesPerSecond{value});
}

std::string percent(double share) {
  const double bounded = std::isfinite(share) ? std::clamp(share, 0.0, 1e6) : 0.0;
  return std::to_string(std::lround(std::floor(bounded * 100 + 1e-9))) + " %";
}

std::string measured_text(const Measured& measured) {
  std::string text = value_text(measured.unit, measured.value) + ' ' + interval_text(measured);
  if (!measured.batches.empty()) {
    const std::size_t count = measured.batches.size();
    text += " over " + std::to_string(count) + (count == 1 ? " batch" : " batches");
  }
  if (!measured.conclusive) text += ", inconclusive: " + measured.doubt;
  return text + proof_text(measured);
}

std::string expectation_text(const Expectation& expectation) {
  std::string text = format_rate(expectation.rate);
  if (expectation.threshold > 0) {
    text += ", ok from " + std::to_string(std::lround(expectation.threshold * 100)) + " %";
  }
  if (!expectation.derivation.empty()) text += ": " + expectation.derivation;
  return expectation.source.empty() ? text : text + " (" + expectation.source + ')';
}

std::string parameter(const Outcome& outcome, const std::string& name) {
  const auto found = outcome.parameters.find(name);
  return found == outcome.parameters.end() ? std::string() : found->second;
}

std::string judged_size(const Report& report, const std::string& probe) {
  std::string largest;
  for (const Outcome& outcome : report.outcomes) {
    if (outcome.probe != probe) continue;
    const std::string size = parameter(outcome, "size");
    if (largest.empty() || number_in(size) > number_in(largest)) largest = size;
  }
  return largest;
}

std::vector<std::string> reservations(const Report& report) {
  std::vector<std::string> said;
  if (report.from_fakes) said.emplace_back("made from fake drivers: not evidence");
  if (report.interrupted) {
    said.push_back("interrupted" + (report.interruption.empty() ? "" : ": " + report.interruption));
  }
  return said;
}

std::vector<ReportNode> drawn_nodes(const Report& report) {
  std::vector<ReportNode> nodes = report.nodes;
  std::stable_sort(nodes.begin(), nodes.end(), [](const ReportNode& one, const ReportNode& other) {
    if (one.rack.empty() != other.rack.empty()) return other.rack.empty();
    return comes_before(one.rack, other.rack);
  });
  add_unnamed(nodes, report);
  return nodes;
}

}  // namespace plumbline::reports
