#include <algorithm>
#include <array>
#include <string_view>

#include "tests/tidy/rules.hpp"

namespace plumbline::tidy {
namespace {

enum class Form {
  word,            ///< the word anywhere
  call,            ///< a call of the word, unless it is a member or of another namespace
  of_std,          ///< the word behind `std::`
  of_this_thread,  ///< the word behind `this_thread::`
};

/// A word, what to take instead, and the files (or folders) that are the "instead".
struct Ban {
  std::string_view word;
  Form form = Form::word;
  std::string_view instead;
  std::array<std::string_view, 3> homes = {};
  bool main_files = false;
};

constexpr std::string_view kUseResult = "return a Result (tl::make_unexpected)";
constexpr std::string_view kUseChild =
    "ChildProcess of core, which takes no shell and has a deadline";
constexpr std::string_view kUseClock =
    "Clock of core/clock.hpp, or wait for the event under a Deadline";
constexpr std::string_view kUseLog = "return a value; main prints results, core/log.hpp logs";
constexpr std::string_view kUseString = "std::string and fmt::format";
constexpr std::string_view kUseRandom = "an engine of <random> with a seed that is passed in";
constexpr std::string_view kUseCharconv = "std::from_chars, which can say no";
constexpr std::string_view kUseArgument = "an argument: main reads the environment";

constexpr std::array<Ban, 34> kBans = {{
    {"throw", Form::word, kUseResult},
    {"system", Form::call, kUseChild},
    {"popen", Form::call, kUseChild},
    {"vfork", Form::call, kUseChild},
    {"sleep", Form::call, kUseClock, {"core/clock.cpp"}},
    {"usleep", Form::call, kUseClock, {"core/clock.cpp"}},
    {"nanosleep", Form::call, kUseClock, {"core/clock.cpp"}},
    {"sleep_for", Form::of_this_thread, kUseClock, {"core/clock.cpp"}},
    {"sleep_until", Form::of_this_thread, kUseClock, {"core/clock.cpp"}},
    {"cout", Form::of_std, kUseLog, {}, true},
    {"cerr", Form::of_std, kUseLog, {}, true},
    {"clog", Form::of_std, kUseLog},
    {"printf", Form::call, kUseLog, {}, true},
    {"vprintf", Form::call, kUseLog},
    {"puts", Form::call, kUseLog, {}, true},
    {"putchar", Form::call, kUseLog},
    {"perror", Form::call, kUseLog},
    {"sprintf", Form::call, kUseString},
    {"vsprintf", Form::call, kUseString},
    {"strcpy", Form::call, kUseString},
    {"strcat", Form::call, kUseString},
    {"strncpy", Form::call, kUseString},
    {"strtok", Form::call, kUseString},
    {"gets", Form::call, kUseString},
    {"rand", Form::call, kUseRandom},
    {"srand", Form::call, kUseRandom},
    {"atoi", Form::call, kUseCharconv},
    {"atol", Form::call, kUseCharconv},
    {"atof", Form::call, kUseCharconv},
    // NCCL loads the profiler library, and gives it no argument; the stub does so in NCCL's place.
    {"getenv",
     Form::call,
     kUseArgument,
     {"agent/transport_log.cpp", "collectives/nccl/profiler/main.cpp",
      "tests/collectives/nccl/stub_profiled.hpp"},
     true},
    {"secure_getenv", Form::call, kUseArgument, {}, true},
    {"setenv",
     Form::call,
     "the environment of a ChildProcess",
     {"tests/", "probes/drivers/host/machine.cpp"},
     true},
    {"putenv", Form::call, "the environment of a ChildProcess"},
    {"auto_ptr", Form::of_std, "std::unique_ptr"},
}};

std::string_view word_at(const SourceFile& file, std::size_t i) { return file.tokens[i].text; }

std::string_view word_before(const SourceFile& file, std::size_t i, std::size_t back) {
  return i >= back ? word_at(file, i - back) : std::string_view();
}

/// Behind a type's name stands a declaration; behind these words a call.
bool declares(const SourceFile& file, std::size_t i) {
  static constexpr std::array<std::string_view, 7> before_calls = {
      "return", "else", "do", "case", "co_return", "co_await", "not"};
  const auto last = word_before(file, i, 1);
  return i > 0 && is_word(file.tokens[i - 1]) &&
         std::find(before_calls.begin(), before_calls.end(), last) == before_calls.end();
}

bool is_call(const SourceFile& file, std::size_t i) {
  if (i + 1 >= file.tokens.size() || word_at(file, i + 1) != "(") return false;
  const auto last = word_before(file, i, 1);
  if (last == "." || last == "->" || declares(file, i)) return false;
  if (last != "::") return true;
  const bool qualified = i >= 2 && is_word(file.tokens[i - 2]);
  const auto scope = word_before(file, i, 2);
  return !qualified || scope == "std" || scope == "return";
}

bool stands_at(const Ban& ban, const SourceFile& file, std::size_t i) {
  if (word_at(file, i) != ban.word) return false;
  if (ban.form == Form::call) return is_call(file, i);
  if (ban.form == Form::word) return true;
  const auto scope = ban.form == Form::of_std ? "std" : "this_thread";
  return word_before(file, i, 1) == "::" && word_before(file, i, 2) == scope;
}

bool holds_in(const Ban& ban, const SourceFile& file, bool main_file) {
  if (ban.main_files && main_file) return false;
  return std::none_of(ban.homes.begin(), ban.homes.end(), [&](std::string_view home) {
    return !home.empty() && file.path.starts_with(home);
  });
}

void check_using_namespace(const SourceFile& file, Problems& problems) {
  for (std::size_t i = 1; is_header(file) && i < file.tokens.size(); ++i) {
    if (word_at(file, i) != "namespace" || word_at(file, i - 1) != "using") continue;
    problems.push_back({file.path, file.tokens[i].line,
                        "a header must not say 'using namespace': name what you use"});
  }
}

}  // namespace

Problems check_banned_words(const SourceFile& file) {
  Problems problems;
  const bool main_file = is_main_file(file);
  for (std::size_t i = 0; i < file.tokens.size(); ++i) {
    for (const auto& ban : kBans) {
      if (!stands_at(ban, file, i) || !holds_in(ban, file, main_file)) continue;
      problems.push_back(
          {file.path, file.tokens[i].line,
           "'" + std::string(ban.word) + "' is banned; instead: " + std::string(ban.instead)});
    }
  }
  check_using_namespace(file, problems);
  return problems;
}

Problems check_directives(const SourceFile& file) {
  Problems problems;
  for (const auto& directive : file.directives) {
    const auto word = directive.text.find_first_not_of("# \t");
    if (word == std::string::npos) continue;
    const auto rest = std::string_view(directive.text).substr(word);
    const bool condition = rest.starts_with("if") || rest.starts_with("elif");
    if (!condition || rest.find("PLUMBLINE_") == std::string_view::npos) continue;
    problems.push_back({file.path, directive.line,
                        "no #if on what was configured: the absent twin is a source file that "
                        "CMake chooses"});
  }
  return problems;
}

}  // namespace plumbline::tidy
