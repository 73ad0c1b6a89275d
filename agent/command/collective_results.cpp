#include "agent/command/collective_results.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "agent/collective/perf_table.hpp"
#include "agent/version.hpp"
#include "core/json/codec.hpp"

namespace plumbline::agent {
namespace {

/// What the two halves of a row have in common.
std::string row_key(Outcome outcome) {
  outcome.parameters.erase("place");
  return outcome.key();
}

bool in_place(const Outcome& outcome) {
  const auto found = outcome.parameters.find("place");
  return found != outcome.parameters.end() && found->second == "in";
}

std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(),
      [](char letter) { return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f; }, '?');
  return text;
}

std::string what_of(const Outcome& outcome) {
  std::string text = outcome.probe;
  for (const auto& [name, value] : outcome.parameters)
    text += " " + name + "=" + value;
  return text;
}

/// The sentence under the table about an outcome; empty for one that says all in its row.
std::string remark(const Outcome& outcome) {
  if (const auto* const skipped = outcome.skipped())
    return "skipped: " + what_of(outcome) + ": " + skipped->reason;
  if (const auto* const failed = outcome.failed()) {
    return "error: " + what_of(outcome) + ": " + failed->error.message;
  }
  const ToldRuns runs = told_runs(*outcome.measured());
  if (runs.late.empty() && runs.awaited)
    return "late: " + what_of(outcome) + ": the others wait for the data of rank " +
           std::to_string(*runs.awaited) + ", by NCCL's steps";
  if (runs.late.empty()) return "";
  std::string ranks;
  for (const int rank : runs.late)
    ranks += (ranks.empty() ? "" : ", rank ") + std::to_string(rank);
  const bool one = runs.late.size() == 1;
  return "late: " + what_of(outcome) + ": rank " + ranks +
         (one ? " comes last, " : " come late, ") + format_time({runs.lateness}) +
         " after the others (clocks: +-" + format_time({runs.clock_error}) + ")";
}

nlohmann::json iterations_of(const Measured& measured) {
  const ToldRuns runs = told_runs(measured);
  nlohmann::json tree{{"ranks", runs.ranks},
                      {"timed", runs.timed},
                      {"p50", runs.p50},
                      {"p99", runs.p99},
                      {"max", runs.max},
                      {"lateness", runs.lateness},
                      {"clock_error", runs.clock_error}};
  if (!runs.late.empty()) tree["late"] = runs.late.front();
  if (!runs.late.empty()) tree["late_ranks"] = runs.late;
  if (runs.awaited) tree["awaited"] = *runs.awaited;
  return tree;
}

/// An outcome as the report has it, with its single runs as numbers and a failure's suspects as a
/// list.
nlohmann::json tree_of(const Outcome& outcome) {
  auto tree = nlohmann::json::parse(json::encode(outcome), nullptr, false);
  if (const auto* const measured = outcome.measured()) {
    nlohmann::json proofs = nlohmann::json::array();
    for (auto& proof : tree["proof"])
      if (proof["kind"] != "samples") proofs.push_back(std::move(proof));
    tree["proof"] = std::move(proofs);
    tree["iterations"] = iterations_of(*measured);
  }
  if (const auto* const failed = outcome.failed()) {
    tree["suspects"] = suspects_in(failed->error.message);
    tree["wrong"] = wrong_in(failed->error.message);
  }
  return tree;
}

}  // namespace

CollectiveResults::CollectiveResults(const CollectiveLine& line, const Request& request, bool table,
                                     const Streams& streams)
    : line_(line), request_(request), table_(table), streams_(streams) {}

void CollectiveResults::begin() {
  if (table_) streams_.out << perf_head(head_of(line_, request_), version()) << std::flush;
}

void CollectiveResults::take(const Outcome& outcome) {
  const std::lock_guard lock(mutex_);
  if (!taken_.emplace(outcome.key(), true).second) return;
  outcomes_.push_back(outcome);
  const std::string key = row_key(outcome);
  const auto other = open_.find(key);
  if (other == open_.end()) {
    open_.emplace(key, outcome);
    return;
  }
  if (in_place(outcome)) {
    show_row(other->second, outcome);
  } else {
    show_row(outcome, other->second);
  }
  open_.erase(other);
}

void CollectiveResults::end_cycle(const std::vector<Outcome>& outcomes) {
  for (const Outcome& outcome : outcomes)
    take(outcome);
  const std::lock_guard lock(mutex_);
  open_.clear();
  taken_.clear();
}

void CollectiveResults::show_row(const Outcome& first, const Outcome& second) {
  const auto time = static_cast<PerfTime>(std::clamp(line_.average, 0, 3));
  auto out = perf_cell(first, time);
  auto in = perf_cell(second, time);
  for (auto* const half : {&out, &in})
    if (*half && (*half)->single)
      leave_out_first(*(*half)->single, static_cast<std::size_t>(line_.skipped_runs));
  if (!table_ || (!out && !in)) return;
  PerfRow row = perf_row_of(out && first.measured() != nullptr ? first : second);
  row.out_of_place = out.value_or(PerfCell{});
  row.in_place = in.value_or(PerfCell{});
  streams_.out << perf_row(row, line_.single_runs > 0) << std::flush;
}

void CollectiveResults::end() {
  const std::lock_guard lock(mutex_);
  if (!table_) return;
  for (const Outcome& outcome : outcomes_) {
    const std::string text = remark(outcome);
    if (!text.empty()) streams_.out << "# " << printable(text) << "\n";
  }
  streams_.out << perf_foot(line_.operation, wrong(), mean_bus());
}

double CollectiveResults::mean_bus() const {
  double sum = 0;
  double cells = 0;
  for (const Outcome& outcome : outcomes_) {
    const auto cell = perf_cell(outcome, PerfTime::most);
    if (!cell) continue;
    sum += cell->bus;
    cells += 1;
  }
  return cells > 0 ? sum / cells : 0;
}

std::uint64_t CollectiveResults::wrong() const {
  std::uint64_t all = 0;
  for (const Outcome& outcome : outcomes_) {
    const auto cell = perf_cell(outcome, PerfTime::most);
    if (cell) all += cell->wrong.value_or(0);
  }
  return all;
}

std::string CollectiveResults::json() const {
  const std::lock_guard lock(mutex_);
  nlohmann::json head{{"schema", "plumbline.collective/v1"},
                      {"plumbline_version", version()},
                      {"operation", line_.operation},
                      {"via", line_.via},
                      {"options", request_.options},
                      {"out_of_bounds", wrong()},
                      {"average_bus_bandwidth", mean_bus() * 1e9}};
  nlohmann::json ranks = nlohmann::json::array();
  for (const Endpoint& end : request_.ends)
    ranks.push_back(end.node);
  head["ranks"] = std::move(ranks);
  head["outcomes"] = nlohmann::json::array();
  for (const Outcome& outcome : outcomes_)
    head["outcomes"].push_back(tree_of(outcome));
  return head.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

int CollectiveResults::exit_code() const {
  const std::lock_guard lock(mutex_);
  if (wrong() > 0) return plumbline::exit_code(StageVerdict::fail);
  const bool counted = line_.timed || line_.warmup;
  const bool all = !outcomes_.empty() &&
                   std::all_of(outcomes_.begin(), outcomes_.end(), [&](const Outcome& outcome) {
                     const auto* const measured = outcome.measured();
                     return measured != nullptr && (counted || measured->conclusive);
                   });
  return plumbline::exit_code(all ? StageVerdict::pass : StageVerdict::inconclusive);
}

}  // namespace plumbline::agent
