#include "agent/collective/told_runs.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/statistics/sampling.hpp"

namespace plumbline::agent {
namespace {

constexpr std::string_view kSuspected = "; suspected: ";
constexpr std::string_view kGave = " gave ";

std::vector<std::vector<double>> read_samples(const std::string& text) {
  const auto tree = nlohmann::json::parse(text, nullptr, false);
  std::vector<std::vector<double>> ranks;
  if (!tree.is_array()) return ranks;
  for (const auto& list : tree) {
    if (!list.is_array()) return {};
    ranks.emplace_back();
    for (const auto& number : list) {
      if (!number.is_number()) return {};
      ranks.back().push_back(number.get<double>());
    }
  }
  return ranks;
}

}  // namespace

double counter_of(const Measured& measured, const char* name) {
  const auto found = measured.counters.find(name);
  return found == measured.counters.end() ? 0 : found->second;
}

ToldRuns told_runs(const Measured& measured) {
  ToldRuns runs;
  runs.timed = static_cast<std::uint64_t>(counter_of(measured, "runs"));
  runs.p50 = counter_of(measured, "run_p50");
  runs.p99 = counter_of(measured, "run_p99");
  runs.max = counter_of(measured, "run_max");
  runs.lateness = counter_of(measured, "lateness");
  runs.clock_error = counter_of(measured, "clock_error");
  std::string name = "late_rank";
  for (int next = 2; measured.counters.contains(name); ++next) {
    runs.late.push_back(static_cast<int>(counter_of(measured, name.c_str())));
    name = "late_rank_" + std::to_string(next);
  }
  if (measured.counters.contains("awaited_rank"))
    runs.awaited = static_cast<int>(counter_of(measured, "awaited_rank"));
  for (const Proof& proof : measured.proof)
    if (proof.kind == "samples") runs.ranks = read_samples(proof.statement);
  return runs;
}

void leave_out_first(ToldRuns& runs, std::size_t count) {
  const auto shorter = [count](const auto& times) { return times.size() <= count; };
  if (count == 0 || runs.ranks.empty() ||
      std::any_of(runs.ranks.begin(), runs.ranks.end(), shorter))
    return;
  std::vector<double> slowest;
  for (auto& times : runs.ranks) {
    times.erase(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(count));
    slowest.resize(std::max(slowest.size(), times.size()));
    for (std::size_t run = 0; run < times.size(); ++run)
      slowest[run] = std::max(slowest[run], times[run]);
  }
  runs.timed = slowest.size();
  runs.p50 = quantile(slowest, 0.5);
  runs.p99 = quantile(slowest, 0.99);
  runs.max = quantile(slowest, 1);
}

std::string suspected(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names)
    text += (text.empty() ? std::string(kSuspected) : ", ") + name;
  return text;
}

std::vector<std::string> suspects_in(const std::string& message) {
  std::vector<std::string> names;
  std::size_t at = message.rfind(kSuspected);
  if (at == std::string::npos) return names;
  at += kSuspected.size();
  for (std::size_t comma = 0; comma != std::string::npos; at = comma + 2) {
    comma = message.find(", ", at);
    names.push_back(message.substr(at, comma == std::string::npos ? comma : comma - at));
  }
  return names;
}

std::uint64_t wrong_in(const std::string& message) {
  const std::size_t at = message.find(kGave);
  if (at == std::string::npos) return 0;
  std::uint64_t wrong = 0;
  const char* const from = message.data() + at + kGave.size();
  const auto read = std::from_chars(from, message.data() + message.size(), wrong);
  const bool whole = read.ec == std::errc() && std::string_view(read.ptr).starts_with(" wrong ");
  return whole ? wrong : 0;
}

}  // namespace plumbline::agent
