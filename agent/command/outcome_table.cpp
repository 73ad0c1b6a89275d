#include "agent/command/outcome_table.hpp"

#include <algorithm>
#include <array>

#include "core/json/codec.hpp"
#include "core/units.hpp"

namespace plumbline::agent {
namespace {

constexpr std::size_t kColumns = 5;
using Row = std::array<std::string, kColumns>;

std::string end_text(const Endpoint& end) {
  if (end.node.empty()) return end.device;
  return end.device.empty() ? end.node : end.node + "/" + end.device;
}

std::string number(const Measured& measured, double value) {
  return measured.unit == Unit::seconds ? format_time({value}) : format_rate({value});
}

std::string what_of(const Outcome& outcome) {
  std::string text = outcome.probe;
  for (const auto& [key, value] : outcome.parameters)
    text += " " + key + "=" + value;
  return text;
}

Row row_of(const Outcome& outcome) {
  Row row{what_of(outcome), end_text(outcome.from), end_text(outcome.to), "", ""};
  if (const auto* const measured = outcome.measured()) {
    row[3] = number(*measured, measured->value);
    row[4] = number(*measured, measured->interval.low) + " .. " +
             number(*measured, measured->interval.high) + ", " +
             std::to_string(measured->batches.size()) + " batches";
    if (!measured->conclusive) row[4] += "; inconclusive: " + measured->doubt;
    for (const auto& caveat : measured->caveats)
      row[4] += "; " + caveat;
    for (const auto& proof : measured->proof) {
      if (!proof.holds) row[4] += "; path not proven: " + proof.statement;
    }
  } else if (const auto* const skipped = outcome.skipped()) {
    row[3] = "skipped";
    row[4] = skipped->reason;
  } else {
    row[3] = "failed";
    row[4] = outcome.failed()->error.message;
  }
  for (auto& cell : row) {
    std::replace_if(
        cell.begin(), cell.end(),
        [](char letter) { return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f; },
        '?');
  }
  return row;
}

std::string line_of(const Row& row, const std::array<std::size_t, kColumns>& widths) {
  std::string line;
  for (std::size_t column = 0; column < kColumns; ++column) {
    line += row[column];
    if (column + 1 < kColumns) line.append(widths[column] - row[column].size() + 2, ' ');
  }
  return line + "\n";
}

}  // namespace

std::string outcome_table(const std::vector<Outcome>& outcomes) {
  std::vector<Row> rows{{"PROBE", "FROM", "TO", "VALUE", "95 % INTERVAL"}};
  for (const auto& outcome : outcomes)
    rows.push_back(row_of(outcome));
  std::array<std::size_t, kColumns> widths{};
  for (const auto& row : rows) {
    for (std::size_t column = 0; column < kColumns; ++column) {
      widths[column] = std::max(widths[column], row[column].size());
    }
  }
  std::string text;
  for (const auto& row : rows)
    text += line_of(row, widths);
  return text;
}

std::string outcome_json(const std::vector<Outcome>& outcomes) {
  std::string text = R"({"schema":"plumbline.outcomes/v1","outcomes":[)";
  for (std::size_t index = 0; index < outcomes.size(); ++index) {
    text += (index > 0 ? "," : "") + json::encode(outcomes[index]);
  }
  return text + "]}\n";
}

int outcome_exit_code(const std::vector<Outcome>& outcomes) {
  const bool all = !outcomes.empty() &&
                   std::all_of(outcomes.begin(), outcomes.end(), [](const Outcome& outcome) {
                     const auto* const measured = outcome.measured();
                     return measured != nullptr && measured->conclusive;
                   });
  return exit_code(all ? StageVerdict::pass : StageVerdict::inconclusive);
}

}  // namespace plumbline::agent
