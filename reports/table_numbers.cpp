#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "reports/table_parts.hpp"
#include "reports/text.hpp"

namespace plumbline::reports {
namespace {

/// More node probes than these are given as a range.
constexpr std::size_t kMostListed = 24;

using Values = std::vector<double>;

std::string range_text(Unit unit, Values values) {
  std::sort(values.begin(), values.end());
  return "least " + value_text(unit, values.front()) + ", median " +
         value_text(unit, values[values.size() / 2]) + ", most " + value_text(unit, values.back());
}

void write_latencies(Sheet& sheet, const Report& report) {
  std::map<std::string, Values> rails;
  for (const Outcome& outcome : report.outcomes) {
    const Measured* measured = outcome.measured();
    if (outcome.probe != "pair_latency" || measured == nullptr) continue;
    rails[outcome.from.rail].push_back(measured->value);
  }
  if (rails.empty()) return;
  sheet.heading("Latency between nodes, p50, half a round trip");
  for (const auto& [rail, values] : rails) {
    sheet.paragraph(
        2, rail + ": " + range_text(Unit::seconds, values) + ", " + counted(values.size(), "pair"));
  }
}

bool is_pair(const Outcome& outcome) { return outcome.probe.rfind("pair_", 0) == 0; }
bool is_collective(const Outcome& outcome) { return !parameter(outcome, "group").empty(); }

std::string share_text(const Measured& measured, const PathJudgement* judgement) {
  if (judgement == nullptr) return {};
  std::string text;
  if (judgement->expectation && judgement->expectation->rate.value > 0) {
    const double share = measured.value / judgement->expectation->rate.value;
    text = ", " + percent(share) + " of " + format_rate(judgement->expectation->rate);
  }
  return text + ", " + judgement->verdict;
}

/// Those of one unit: large sizes by bus bandwidth, small ones by the median time of a run.
void write_collectives(Sheet& sheet, const Report& report, const Index& index, Unit unit) {
  bool any = false;
  for (const Outcome& outcome : report.outcomes) {
    const Measured* measured = outcome.measured();
    if (!is_collective(outcome) || measured == nullptr || measured->unit != unit) continue;
    if (!any)
      sheet.heading(unit == Unit::seconds ? "Collectives of small sizes, median time of a run"
                                          : "Collectives, bus bandwidth");
    any = true;
    const std::string rail = outcome.from.rail.empty() ? "" : outcome.from.rail + ", ";
    sheet.paragraph(2, rail + quantity_text(outcome) + ": " +
                           value_text(measured->unit, measured->value) +
                           (parameter(outcome, "scope") == "placed" ? " between placed pods" : "") +
                           share_text(*measured, index.judgement(outcome.key())));
  }
}

void write_node_probes(Sheet& sheet, const Report& report) {
  std::map<std::string, std::vector<const Outcome*>> probes;
  for (const Outcome& outcome : report.outcomes) {
    const bool drawn = is_pair(outcome) || outcome.probe == "gpu_copy";
    if (drawn || is_collective(outcome) || outcome.measured() == nullptr) continue;
    probes[outcome.probe].push_back(&outcome);
  }
  if (probes.empty()) return;
  sheet.heading("Inside the nodes");
  for (const auto& [probe, outcomes] : probes) {
    Values values;
    for (const Outcome* outcome : outcomes)
      values.push_back(outcome->measured()->value);
    const Unit unit = outcomes.front()->measured()->unit;
    sheet.paragraph(2, quantity_text(*outcomes.front()) + ": " + range_text(unit, values) + ", " +
                           counted(values.size(), "path"));
    if (outcomes.size() > kMostListed) continue;
    std::string each;
    for (const Outcome* outcome : outcomes) {
      each += (each.empty() ? "" : ", ") + path_text(*outcome) + ' ' +
              value_text(unit, outcome->measured()->value);
    }
    sheet.paragraph(4, each, Ink::faint);
  }
}

}  // namespace

void write_numbers(Sheet& sheet, const Report& report, const Index& index) {
  write_latencies(sheet, report);
  write_collectives(sheet, report, index, Unit::bytes_per_second);
  write_collectives(sheet, report, index, Unit::seconds);
  write_node_probes(sheet, report);
}

}  // namespace plumbline::reports
