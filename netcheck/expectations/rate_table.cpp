#include "netcheck/expectations/rate_table.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "core/contract.hpp"
#include "netcheck/expectations/rates_text.hpp"

namespace plumbline::netcheck {
namespace {

constexpr std::size_t kRowsMost = 10'000;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::vector<std::string> fields_of(std::string_view line) {
  std::vector<std::string> fields;
  while (true) {
    const auto bar = line.find('|');
    fields.emplace_back(trimmed(line.substr(0, bar)));
    if (bar == std::string_view::npos) return fields;
    line.remove_prefix(bar + 1);
  }
}

std::optional<double> number(const std::string& text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

bool is_rate(const std::string& what) {
  return what == "pcie_lane" || what == "nvlink_link" || what == "nccl_link" || what == "nccl_nvls";
}

bool is_date(const std::string& text) {
  if (text.size() != 10) return false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool dash = at == 4 || at == 7;
    if (dash ? text[at] != '-' : (text[at] < '0' || text[at] > '9')) return false;
  }
  return true;
}

/// The row of a line, or what is wrong with it.
Result<RateRow> row_of(std::string_view line) {
  const auto fields = fields_of(line);
  const auto wrong = [](const char* what) { return fail(ErrorCode::invalid_input, what); };
  if (fields.size() != 5) return wrong("has not five fields");
  const auto of = number(fields[1]);
  const auto value = number(fields[2]);
  if (fields[0].empty()) return wrong("names nothing");
  if (!of || *of <= 0) return wrong("has a generation that is no number above zero");
  if (!value || *value <= 0) return wrong("has a value that is no number above zero");
  if (!is_rate(fields[0]) && *value > 1) return wrong("has a share above one");
  if (fields[3].empty()) return wrong("has no source");
  if (!is_date(fields[4])) return wrong("has a date that is not like 2026-08-01");
  return RateRow{fields[0], *of, *value, fields[3], fields[4]};
}

}  // namespace

Result<RateTable> RateTable::parse(std::string_view text) {
  RateTable table;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    const std::string where = "line " + std::to_string(number);
    const auto row = row_of(line);
    if (!row) return fail(ErrorCode::invalid_input, where + " " + row.error().message);
    const bool twice = std::any_of(
        table.rows_.begin(), table.rows_.end(),
        [&](const RateRow& other) { return other.what == row->what && other.of == row->of; });
    if (twice) return fail(ErrorCode::invalid_input, where + " gives a figure again");
    if (table.rows_.size() >= kRowsMost) return fail(ErrorCode::invalid_input, "too many rows");
    table.rows_.push_back(*row);
  }
  return table;
}

const RateRow* RateTable::find(std::string_view what, double of) const {
  const double generation = std::floor(of);
  for (const RateRow& row : rows_) {
    if (row.what == what && row.of == generation) return &row;
  }
  return nullptr;
}

const RateTable& known_rates() {
  static const Result<RateTable> table = RateTable::parse(kRatesText);
  require(table.has_value(), "the project's table of rates is in order");
  return *table;
}

}  // namespace plumbline::netcheck
