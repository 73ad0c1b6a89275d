#include "collectives/rank_report.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace plumbline::collectives {
namespace {

constexpr std::size_t kMostNumbers = 100'000;
constexpr std::size_t kMostWords = 400;
constexpr double kMostSeconds = 1e9;  // longer than any machine has run

/// Nanoseconds are enough, and short: 1000 runs must fit into one message.
void write_line(std::string& text, const std::vector<double>& numbers) {
  for (const double number : numbers) {
    std::array<char, 40> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number,
                                   std::chars_format::fixed, 9);
    text.append(digits.data(), end.ptr);
    text += ' ';
  }
  text += '\n';
}

std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::optional<std::vector<double>> read_line(std::string_view& text) {
  const auto line = take_line(text);
  if (!line) return std::nullopt;
  std::vector<double> numbers;
  const char* at = line->data();
  const char* const end = at + line->size();
  while (at < end) {
    double number = 0;
    const auto read = std::from_chars(at, end, number);
    if (read.ec != std::errc() || !(std::fabs(number) <= kMostSeconds)) return std::nullopt;
    if (read.ptr == end || *read.ptr != ' ' || numbers.size() == kMostNumbers) return std::nullopt;
    numbers.push_back(number);
    at = read.ptr + 1;
  }
  return numbers;
}

}  // namespace

std::string encode(const RankReport& report) {
  std::string text;
  write_line(text, {report.base});
  write_line(text, report.posted);
  write_line(text, report.returned);
  write_line(text, report.entered);
  write_line(text, report.left);
  text += std::to_string(report.wrong) + "\n" + report.what.substr(0, kMostWords);
  return text;
}

Result<RankReport> decode_rank_report(std::string_view text) {
  const auto refuse = [](const char* what) { return fail(ErrorCode::invalid_input, what); };
  const auto base = read_line(text);
  auto posted = read_line(text);
  auto returned = read_line(text);
  auto entered = read_line(text);
  auto left = read_line(text);
  const auto wrong = take_line(text);
  if (!base || !posted || !returned || !entered || !left || !wrong)
    return refuse("a rank's report lacks a line of numbers");
  if (base->size() != 1 || posted->size() != returned->size() || entered->size() != left->size())
    return refuse("a rank's report has lists of different lengths");
  RankReport report{base->front(),
                    std::move(*posted),
                    std::move(*returned),
                    std::move(*entered),
                    std::move(*left),
                    0,
                    std::string(text.substr(0, kMostWords))};
  const auto read = std::from_chars(wrong->data(), wrong->data() + wrong->size(), report.wrong);
  if (read.ec != std::errc() || read.ptr != wrong->data() + wrong->size())
    return refuse("a rank's report has no count of wrong elements");
  return report;
}

std::vector<double> times_of(const RankReport& report, bool alone) {
  std::vector<double> times;
  for (std::size_t run = 0; run < report.left.size(); ++run) {
    const bool first = run == 0 || alone;
    times.push_back(report.left[run] - (first ? report.entered[run] : report.left[run - 1]));
  }
  return times;
}

}  // namespace plumbline::collectives
