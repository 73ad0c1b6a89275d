#include <algorithm>

#include "tests/tidy/functions.hpp"
#include "tests/tidy/rules.hpp"

namespace plumbline::tidy {
namespace {

constexpr int kLineColumnsMax = 100;
constexpr int kFileLinesMax = 400;
constexpr int kHeaderLinesMax = 200;
constexpr int kFunctionLinesMax = 70;
constexpr int kParametersMax = 6;
constexpr int kNestingMax = 4;

/// Characters, not bytes, of UTF-8 text.
int columns(const std::string& line) {
  const auto starts = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
  return static_cast<int>(std::count_if(line.begin(), line.end(), starts));
}

std::string too_many(const std::string& what, int is, int at_most, const std::string& instead) {
  return what + ": " + std::to_string(is) + ", at most " + std::to_string(at_most) + "; " + instead;
}

void check_lines(const SourceFile& file, Problems& problems) {
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    const int wide = columns(file.lines[i]);
    if (wide <= kLineColumnsMax) continue;
    problems.push_back({file.path, static_cast<int>(i) + 1,
                        too_many("columns", wide, kLineColumnsMax, "break the line")});
  }
}

void check_length(const SourceFile& file, Problems& problems) {
  const int lines = static_cast<int>(file.lines.size());
  const int most = is_header(file) ? kHeaderLinesMax : kFileLinesMax;
  if (lines <= most) return;
  problems.push_back(
      {file.path, 0, too_many("lines of the file", lines, most, "cut it by what it is about")});
}

void check_function(const SourceFile& file, const Function& function, Problems& problems) {
  const auto say = [&](const std::string& what, int is, int most, const std::string& instead) {
    if (is <= most) return;
    problems.push_back(
        {file.path, function.line, too_many(what + " of " + function.name, is, most, instead)});
  };
  say("lines", function.lines, kFunctionLinesMax, "push the fors down into named parts");
  say("parameters", function.parameters, kParametersMax, "pass a struct with named fields");
  say("nesting", function.nesting, kNestingMax, "return early, or name the inner part");
}

}  // namespace

Problems check_sizes(const SourceFile& file) {
  Problems problems;
  if (!is_cpp(file)) return problems;
  check_lines(file, problems);
  check_length(file, problems);
  for (const auto& function : functions_of(file))
    check_function(file, function, problems);
  return problems;
}

}  // namespace plumbline::tidy
