#include "agent/collective/perf_table.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <numeric>

namespace plumbline::agent {
namespace {

constexpr double kGiga = 1e9;

template <typename... Values>
std::string text(const char* format, Values... values) {
  std::array<char, 512> line{};
  const int size = std::snprintf(line.data(), line.size(), format, values...);
  return {line.data(),
          static_cast<std::size_t>(std::clamp<int>(size, 0, static_cast<int>(line.size()) - 1))};
}

/// `value` in at most `width` columns.
std::string fitted(double value, int width) {
  for (const int decimals : {2, 1, 0}) {
    const std::string shown = text("%.*f", decimals, value);
    if (shown.size() <= static_cast<std::size_t>(width)) return shown;
  }
  return text(width >= 7 ? "%.1e" : "%.0e", value);
}

std::string cell_text(const PerfCell& cell, bool single_runs) {
  std::string line = text("  %7s  %6s  %6s", fitted(cell.time_us, 7).c_str(),
                          fitted(cell.alg, 6).c_str(), fitted(cell.bus, 6).c_str());
  line += cell.wrong ? text("  %6g", static_cast<double>(*cell.wrong)) : "     N/A";
  if (!single_runs) return line;
  const ToldRuns none;
  const ToldRuns& single = cell.single ? *cell.single : none;
  double least = single.p50;
  std::vector<double> slowest;
  for (std::size_t run = 0; !single.ranks.empty() && run < single.ranks[0].size(); ++run) {
    double most = 0;
    for (const auto& times : single.ranks)
      most = std::max(most, run < times.size() ? times[run] : 0);
    slowest.push_back(most);
    least = std::min(least, most);
  }
  double spread = 0;
  const double all = std::max<double>(1, static_cast<double>(slowest.size()));
  const double mean = std::accumulate(slowest.begin(), slowest.end(), 0.0) / all;
  for (const double time : slowest)
    spread += (time - mean) * (time - mean) / all;
  const double variation = mean > 0 ? 100 * std::sqrt(spread) / mean : 0;
  return line + text("  %7s  %7s  %7s  %7s", fitted(least * 1e6, 7).c_str(),
                     fitted(single.max * 1e6, 7).c_str(), fitted(single.p99 * 1e6, 7).c_str(),
                     fitted(variation, 7).c_str());
}

std::string column_lines(bool single_runs) {
  const auto names = [](const char* half) {
    return text("# %10s  %12s  %8s  %6s  %6s%s%s \n", "size", "count", "type", "redop", "root",
                half, half);
  };
  const std::string empty = text("# %10s  %12s  %8s  %6s  %6s", "", "", "", "", "");
  const std::string units = text("# %10s  %12s  %8s  %6s  %6s", "(B)", "(elements)", "", "", "");
  const std::string name = text("  %7s  %6s  %6s  %6s", "time", "algbw", "busbw", "#wrong");
  const std::string unit = text("  %7s  %6s  %6s  %6s", "(us)", "(GB/s)", "(GB/s)", "");
  if (!single_runs)
    return empty + "           out-of-place                       in-place          \n" +
           names(name.c_str()) + units + unit + unit + " \n";
  const std::string more = text("  %7s  %7s  %7s  %7s", "i_min", "i_max", "i_p99", "i_cv%");
  const std::string their = text("  %7s  %7s  %7s  %7s", "(us)", "(us)", "(us)", "(%)");
  return empty +
         "              out-of-place (+ per-iteration)                                in-place (+ "
         "per-iteration)\n" +
         names((name + more).c_str()) + units + unit + their + unit + their + " \n";
}

double mean_of(const std::vector<double>& values) {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// The time that -a asks for, from the ranks' means; the slowest rank's is what was measured.
double chosen_time(const Measured& measured, double slowest, PerfTime time) {
  const ToldRuns runs = told_runs(measured);
  if (time == PerfTime::most || runs.ranks.empty()) return slowest;
  std::vector<double> means;
  for (const auto& times : runs.ranks)
    means.push_back(mean_of(times));
  if (time == PerfTime::rank0) return means.front();
  if (time == PerfTime::least) return *std::min_element(means.begin(), means.end());
  return mean_of(means);
}

std::string parameter(const Outcome& outcome, const char* name) {
  const auto found = outcome.parameters.find(name);
  return found == outcome.parameters.end() ? std::string() : found->second;
}

template <typename Number>
Number number(const std::string& digits, Number otherwise) {
  Number value = otherwise;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

}  // namespace

std::string perf_head(const PerfHead& head, const std::string& version) {
  std::string lines = "# plumbline " + version + ", table of nccl-tests\n";
  lines += "# Collective test starting: " + head.operation + "_perf\n";
  lines += text(
      "# nThread %d nGpus %d minBytes %llu maxBytes %llu step: %llu(%s) warmup iters: %d "
      "iters: %d agg iters: 1 validation: 1 graph: %d unalign: 0\n",
      head.threads, head.gpus, static_cast<unsigned long long>(head.least),
      static_cast<unsigned long long>(head.most), static_cast<unsigned long long>(head.step),
      head.factor ? "factor" : "bytes", head.warmup, head.iterations, head.graph);
  if (!head.how.empty()) lines += "# " + head.how + "\n";
  lines += "#\n# Using devices\n";
  for (std::size_t rank = 0; rank < head.places.size(); ++rank) {
    const int group = rank < head.groups.size() ? head.groups[rank] : 0;
    const std::string device =
        rank < head.devices.size() ? head.devices[rank] : "[0000:00:00] host memory";
    lines += text("#  Rank %2d Group %2d Pid %6d on %10s device %2d %s\n", static_cast<int>(rank),
                  group, 0, head.places[rank].substr(0, 200).c_str(), static_cast<int>(rank),
                  device.substr(0, 100).c_str());
  }
  return lines + "#\n" + column_lines(head.single_runs);
}

std::string perf_row(const PerfRow& row, bool single_runs) {
  return text("%12llu  %12llu  %8s  %6s  %6d", static_cast<unsigned long long>(row.size),
              static_cast<unsigned long long>(row.count), row.type.c_str(), row.reduction.c_str(),
              row.root) +
         cell_text(row.out_of_place, single_runs) + cell_text(row.in_place, single_runs) + "\n";
}

std::string perf_foot(const std::string& operation, std::uint64_t wrong, double mean_bus) {
  return text("# %-20s : %llu %s\n", "Out of bounds values", static_cast<unsigned long long>(wrong),
              wrong > 0 ? "FAILED" : "OK") +
         text("# %-20s : %g \n", "Avg bus bandwidth", mean_bus) +
         "#\n# Collective test concluded: " + operation + "_perf\n#\n";
}

std::optional<PerfCell> perf_cell(const Outcome& outcome, PerfTime time) {
  PerfCell cell;
  if (const Failed* const failed = outcome.failed()) {
    if (failed->error.code != ErrorCode::data_corrupt) return std::nullopt;
    cell.wrong = std::max<std::uint64_t>(1, wrong_in(failed->error.message));
    return cell;
  }
  const Measured* const measured = outcome.measured();
  if (measured == nullptr) return std::nullopt;
  const double slowest = counter_of(*measured, "time");
  const double chosen = chosen_time(*measured, slowest, time);
  const double share = chosen > 0 ? slowest / chosen : 0;
  cell.time_us = chosen * 1e6;
  cell.alg = counter_of(*measured, "alg_bandwidth") * share / kGiga;
  cell.bus = measured->value * share / kGiga;
  cell.wrong = 0;
  cell.single = told_runs(*measured);
  return cell;
}

PerfRow perf_row_of(const Outcome& outcome) {
  PerfRow row;
  row.type = parameter(outcome, "type");
  row.reduction = parameter(outcome, "redop");
  row.root = number(parameter(outcome, "root"), -1);
  row.size = number<std::uint64_t>(parameter(outcome, "size"), 0);
  const Measured* const measured = outcome.measured();
  if (measured == nullptr) return row;
  row.size = static_cast<std::uint64_t>(counter_of(*measured, "size"));
  row.count = static_cast<std::uint64_t>(counter_of(*measured, "count"));
  return row;
}

}  // namespace plumbline::agent
