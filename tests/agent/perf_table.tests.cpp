// Parsers written for nccl-tests must read our table: the expressions here follow its format's
// description (columns, widths, comment lines), and the numbers are published ones.
#include "agent/collective/perf_table.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <regex>
#include <set>
#include <sstream>

using namespace plumbline;
using namespace plumbline::agent;

namespace {

struct Published {
  const char* line;  ///< as nccl-tests printed it
  PerfRow row;       ///< its numbers
};

PerfRow row(std::uint64_t size, std::uint64_t count, int root, PerfCell out, PerfCell in) {
  return {size, count, "float", root < 0 ? "sum" : "none", root, std::move(out), std::move(in)};
}

PerfCell cell(double time, double alg, double bus) { return {time, alg, bus, 0, {}}; }

const std::vector<Published>& published() {
  static const std::vector<Published> all{
      {" 17179869184    4294967296     float     sum      -1    69338  247.77  464.57      0    "
       "69305"
       "  247.89  464.79      0",
       row(17179869184, 4294967296, -1, cell(69338, 247.77, 464.57), cell(69305, 247.89, 464.79))},
      {" 17179869184    4294967296     float     sum      -1   127660  134.58  235.51      0   "
       "128172"
       "  134.04  234.57      0",
       row(17179869184, 4294967296, -1, cell(127660, 134.58, 235.51),
           cell(128172, 134.04, 234.57))},
      {"  8589934592    2147483648     float     sum      -1 2225678.4   3.86    6.76      0 "
       "2225678.2"
       "   3.86    6.76      0",
       row(8589934592, 2147483648, -1, cell(2225678.4, 3.86, 6.76), cell(2225678.2, 3.86, 6.76))},
      {"  4294967296     536870912     float    none      -1  96986.7   44.28   22.14       0  "
       "95610.9"
       "   44.92   22.46       0",
       {4294967296, 536870912, "float", "none", -1, cell(96986.7, 44.28, 22.14),
        cell(95610.9, 44.92, 22.46)}},
      {"           8             2     float     sum      -1    18.55    0.00    0.00      0    "
       "18.30"
       "    0.00    0.00      0",
       row(8, 2, -1, cell(18.55, 0, 0), cell(18.30, 0, 0))}};
  return all;
}

/// Thirteen columns between white space, as most parsers take them.
std::vector<std::string> by_expression(const std::string& line) {
  static const std::regex form(
      R"(^\s*(\d+)\s+(\d+)\s+(\w+)\s+(\w+)\s+(-?\d+)\s+([\d.e+]+)\s+([\d.]+)\s+([\d.]+)\s+(\S+))"
      R"(\s+([\d.e+]+)\s+([\d.]+)\s+([\d.]+)\s+(\S+)\s*$)");
  std::smatch found;
  if (!std::regex_match(line, found, form)) return {};
  return {found.begin() + 1, found.end()};
}

/// Words of a line that has a data type's name in its third column; the eighth is the bus
/// bandwidth.
std::vector<std::string> by_words(const std::string& line) {
  static const std::set<std::string> types{"float", "half", "double", "int8", "bfloat16"};
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;)
    words.push_back(word);
  if (words.size() < 8 || !types.contains(words[2])) return {};
  return words;
}

/// Numbers as a parser has them after converting: a time of seven columns has lost its last digit.
bool same(const std::string& one, const std::string& other) {
  try {
    const double first = std::stod(one);
    const double second = std::stod(other);
    return std::abs(first - second) <= 1e-6 * std::abs(first) + 1e-9;
  } catch (const std::exception&) {
    return one == other;
  }
}

std::string first_match(const std::string& text, const char* expression) {
  std::smatch found;
  return std::regex_search(text, found, std::regex(expression)) ? found[1].str() : "";
}

}  // namespace

TEST_CASE("Published rows are parsed the same from our table as from nccl-tests'") {
  for (const auto& [line, numbers] : published()) {
    std::string ours = perf_row(numbers, false);
    REQUIRE(ours.back() == '\n');
    ours.pop_back();
    INFO(line << "\n" << ours);
    for (const auto& parse : {by_expression, by_words}) {
      const auto theirs = parse(line);
      const auto mine = parse(ours);
      REQUIRE(theirs.size() == 13);
      REQUIRE(mine.size() == 13);
      for (std::size_t column = 0; column < 13; ++column)
        CHECK(same(theirs[column], mine[column]));
    }
  }
}

TEST_CASE(
    "The lines around the table hold what parsers look for, with and without the number sign") {
  const std::string foot = perf_foot("all_reduce", 0, 458.452);
  CHECK(first_match(foot, R"(#?\s*Avg bus bandwidth\s*:\s*([\d.]+))") == "458.452");
  CHECK(first_match(foot, R"(#?\s*Out of bounds values\s*:\s*(\d+))") == "0");
  CHECK(first_match(foot, R"(Out of bounds values : \d+ (OK|FAILED))") == "OK");
  CHECK(first_match(perf_foot("all_reduce", 7, 1), R"(values : (\d+ FAILED))") == "7 FAILED");
  CHECK(first_match(foot, "# Collective test concluded: (all_reduce_perf)") == "all_reduce_perf");
}

namespace {

/// What a parser takes out of a whole output.
struct Taken {
  std::string last_bus;    ///< out of place, of the last row
  std::string mean_bus;    ///< the line below the table
  std::string wrong;       ///< the line above that
  std::size_t rows = 0;    ///< lines that a data type's name tells
  double largest_bus = 0;  ///< of their eighth word
};

/// As AICR's validator (the last row of five columns and three numbers), cluster-health-scanner
/// (the mean's line) and ai-cloud-validation (that line with or without its sign, wrong values,
/// rows by their type and the eighth word) describe what they read.
Taken take(const std::string& text) {
  Taken taken;
  const std::string blank = R"(\s+)";  // as theirs, which may pass a line end
  const std::string figure = blank + "[0-9.]+";
  const std::regex row(blank + "[0-9]+" + blank + "[0-9]+" + blank + R"(\w+)" + blank + R"(\w+)" +
                       blank + "-?[0-9]+" + figure + figure + blank + "([0-9.]+)");
  for (std::sregex_iterator found(text.begin(), text.end(), row), end; found != end; ++found)
    taken.last_bus = (*found)[1];
  taken.mean_bus = first_match(text, R"(Avg bus bandwidth\s*:\s*([0-9]+(?:\.[0-9]+)?))");
  taken.wrong = first_match(text, R"(#?\s*Out of bounds values\s*:\s*([0-9]+))");
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto words = by_words(line);
    if (words.empty()) continue;
    ++taken.rows;
    taken.largest_bus = std::max(taken.largest_bus, std::stod(words[7]));
  }
  return taken;
}

}  // namespace

TEST_CASE("Whole outputs give three public parsers the same answers as nccl-tests' own") {
  std::string theirs = "# nccl-tests version 2.19.6\n# Using devices\n#\n";
  PerfHead head;
  head.operation = "all_reduce";
  head.places = {"node-1", "node-2"};
  std::string ours = perf_head(head, "1.0");
  for (const auto& [line, numbers] : published()) {
    theirs += std::string(line) + "\n";
    ours += perf_row(numbers, false);
  }
  theirs += "# Out of bounds values : 0 OK\n# Avg bus bandwidth    : 145.917 \n#\n";
  ours += "# late: all_reduce: rank 1 comes last, 3 ms after the others\n";
  ours += perf_foot("all_reduce", 0, 145.917);
  const Taken one = take(theirs);
  const Taken other = take(ours);
  CHECK(one.rows == published().size());
  CHECK(one.rows == other.rows);
  CHECK(same(one.last_bus, other.last_bus));
  CHECK(one.mean_bus == other.mean_bus);
  CHECK(one.wrong == other.wrong);
  CHECK(one.largest_bus == other.largest_bus);
  CHECK(one.largest_bus == 464.57);
}

TEST_CASE("The head names sizes, counts, ranks and columns as nccl-tests does") {
  PerfHead head;
  head.operation = "all_gather";
  head.gpus = 2;
  head.least = 8;
  head.most = 1024;
  head.step = 2;
  head.factor = true;
  head.iterations = 20;
  head.warmup = 5;
  head.places = {"node-1", "node-1"};
  const std::string text = perf_head(head, "1.0");
  CHECK(text.find("# Collective test starting: all_gather_perf\n") != std::string::npos);
  CHECK(text.find("# nThread 1 nGpus 2 minBytes 8 maxBytes 1024 step: 2(factor) warmup iters: 5 "
                  "iters: 20 agg iters: 1 validation: 1 graph: 0") != std::string::npos);
  CHECK(std::regex_search(
      text, std::regex(R"(#  Rank  1 Group  0 Pid +\d+ on +node-1 device  1 \[[0-9a-f:]+\] \S)")));
  CHECK(std::regex_search(text, std::regex("out-of-place +in-place")));
  CHECK(std::regex_search(
      text, std::regex("# +size +count +type +redop +root +time +algbw +busbw +#wrong +time +algbw "
                       "+busbw +#wrong")));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    CHECK(line.starts_with("#"));
}

TEST_CASE("Columns stand where nccl-tests puts them") {
  const std::string line = perf_row(published().back().row, false);
  CHECK(line ==
        "           8             2     float     sum      -1    18.55    0.00    0.00       0    "
        "18.30    0.00    0.00       0\n");
}

TEST_CASE("A half that was not run is N/A, wrong elements are counted, large times lose decimals") {
  PerfRow half = published().back().row;
  half.in_place.wrong.reset();
  CHECK(by_words(perf_row(half, false)).back() == "N/A");
  half.out_of_place.wrong = 12;
  half.out_of_place.time_us = 123456789.5;
  const auto words = by_words(perf_row(half, false));
  CHECK(words[8] == "12");
  CHECK(words[5] == "1.2e+08");
}

TEST_CASE("Single runs have four more columns a half") {
  PerfRow row = published().back().row;
  row.out_of_place.single = ToldRuns{{{1e-3, 3e-3}}, 2, 1e-3, 3e-3, 3e-3, {}, 0, 0};
  const auto words = by_words(perf_row(row, true));
  REQUIRE(words.size() == 21);
  CHECK(words[9] == "1000.00");
  CHECK(words[10] == "3000.00");
  CHECK(words[12] == "50.00");
}

TEST_CASE("A cell is what was measured, by the rank's time that was asked for") {
  Outcome outcome;
  Measured measured;
  measured.value = 2e9;
  measured.counters = {{"time", 4e-3}, {"alg_bandwidth", 1e9}, {"size", 64}, {"count", 16}};
  Proof samples;
  samples.kind = "samples";
  samples.statement = "[[0.004],[0.002]]";
  measured.proof = {samples};
  outcome.result = measured;
  CHECK(perf_cell(outcome, PerfTime::most)->time_us == 4000);
  CHECK(perf_cell(outcome, PerfTime::most)->bus == 2);
  CHECK(perf_cell(outcome, PerfTime::least)->alg == 2);
  CHECK(std::abs(perf_cell(outcome, PerfTime::average)->time_us - 3000) < 1e-6);
  CHECK(perf_row_of(outcome).count == 16);
  outcome.result = Skipped{"no"};
  CHECK_FALSE(perf_cell(outcome, PerfTime::most));
  outcome.result = Failed{{ErrorCode::data_corrupt, "x gave 5 wrong elements on rank 1"}, ""};
  CHECK(*perf_cell(outcome, PerfTime::most)->wrong == 5);
  outcome.result = Failed{{ErrorCode::deadline_exceeded, "x"}, ""};
  CHECK_FALSE(perf_cell(outcome, PerfTime::most));
}

TEST_CASE("First runs can be left out of the columns of single runs") {
  ToldRuns runs{{{9, 1, 2}, {8, 3, 1}}, 3, 3, 9, 9, {}, 0, 0};
  leave_out_first(runs, 1);
  CHECK(runs.ranks == std::vector<std::vector<double>>{{1, 2}, {3, 1}});
  CHECK(runs.timed == 2);
  CHECK(runs.max == 3);
  CHECK(runs.p50 == 2);
  leave_out_first(runs, 2);  // none would be left
  CHECK(runs.timed == 2);
  ToldRuns none;
  leave_out_first(none, 1);
  CHECK(none.timed == 0);
}

TEST_CASE("Suspects and wrong elements are read out of the sentence that names them") {
  const std::vector<std::string> names{"rank 1 on node-2", "rank 3 on node-4"};
  CHECK(suspects_in("x; y" + suspected(names)) == names);
  CHECK(suspects_in("x; y").empty());
  CHECK(suspected({}).empty());
  CHECK(wrong_in("all_reduce all 8 B gave 12 wrong elements on rank 1: run 0") == 12);
  for (const char* text : {"", " gave ", " gave x wrong ", " gave 12 right ", "12 wrong"})
    CHECK(wrong_in(text) == 0);
}

TEST_CASE("Samples that are no lists of numbers are left out") {
  Measured measured;
  measured.counters = {
      {"late_rank", 2}, {"late_rank_2", 5}, {"lateness", 0.5}, {"awaited_rank", 1}};
  Proof samples;
  samples.kind = "samples";
  for (const char* text : {"", "1", "[1]", "[[\"x\"]]", "[[1]", "{}"}) {
    samples.statement = text;
    measured.proof = {samples};
    CHECK(told_runs(measured).ranks.empty());
  }
  CHECK(told_runs(measured).late == std::vector<int>{2, 5});
  CHECK(told_runs(measured).awaited == 1);
  samples.statement = "[[1,2.5],[]]";
  measured.proof = {samples};
  CHECK(told_runs(measured).ranks == std::vector<std::vector<double>>{{1, 2.5}, {}});
}
