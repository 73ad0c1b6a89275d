#include "tests/tidy/functions.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace plumbline::tidy {
namespace {

template <std::size_t Size>
bool among(std::string_view word, const std::array<std::string_view, Size>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

enum class Block { scope, function, braces };

/// Reads a token list scope by scope. `match_[i]` is the partner of bracket i, or i itself.
class Scanner {
 public:
  explicit Scanner(const std::vector<Token>& tokens) : tokens_(tokens), match_(tokens.size()) {
    pair_brackets();
  }

  std::vector<Function> run() {
    for (at_ = 0; at_ < tokens_.size(); ++at_)
      step();
    return std::move(found_);
  }

 private:
  std::string_view text(std::size_t i) const { return tokens_[i].text; }
  std::string_view before(std::size_t i) const { return i == 0 ? "" : text(i - 1); }

  void pair_brackets() {
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      match_[i] = i;
      const auto sign = text(i);
      if (sign == "(" || sign == "{" || sign == "[") open.push_back(i);
      if (sign != ")" && sign != "}" && sign != "]") continue;
      if (open.empty()) continue;
      match_[i] = open.back();
      match_[open.back()] = i;
      open.pop_back();
    }
  }

  void step() {
    const auto sign = text(at_);
    if (sign == ";" || sign == "}") {
      head_ = at_ + 1;
    } else if (sign == ":" && is_access(before(at_))) {
      head_ = at_ + 1;
    } else if (sign == "(" || sign == "[") {
      at_ = std::max(at_, match_[at_]);
    } else if (sign == "{") {
      enter(block_at(at_));
    }
  }

  static bool is_access(std::string_view word) {
    return among<3>(word, {"public", "private", "protected"});
  }

  void enter(Block block) {
    const auto open = at_;
    if (block == Block::scope) {
      head_ = at_ + 1;
      return;
    }
    at_ = std::max(at_, match_[at_]);
    if (block == Block::braces) return;
    found_.push_back(measure(open, at_));
    head_ = at_ + 1;
  }

  /// The first token of the head behind `template <...>`.
  std::size_t behind_template(std::size_t i, std::size_t end) const {
    while (i + 1 < end && text(i) == "template" && text(i + 1) == "<") {
      int depth = 0;
      for (++i; i < end; ++i) {
        if (text(i) == "<") ++depth;
        if (text(i) == ">" && --depth == 0) break;
      }
      ++i;
    }
    return std::min(i, end);
  }

  /// Whether a word stands in the head outside of brackets.
  std::optional<std::size_t> find_in_head(std::string_view word, std::size_t from,
                                          std::size_t open) const {
    for (auto i = from; i < open; ++i) {
      if (text(i) == word && before(i) != "operator") return i;
      if (text(i) == "(" || text(i) == "[" || text(i) == "{") i = std::max(i, match_[i]);
    }
    return std::nullopt;
  }

  /// The bracket that opens the parameters, if the head is that of a function.
  std::optional<std::size_t> parameters_at(std::size_t from, std::size_t open) const {
    for (auto i = from; i < open; ++i) {
      if (text(i) == "(" && opens_parameters(i, from)) return i;
      if (text(i) == "(" || text(i) == "[" || text(i) == "{") i = std::max(i, match_[i]);
    }
    return std::nullopt;
  }

  bool opens_parameters(std::size_t i, std::size_t from) const {
    static constexpr std::array<std::string_view, 8> others = {
        "alignas",  "decltype", "noexcept",      "requires",
        "explicit", "operator", "__attribute__", "sizeof"};
    if (i == from || among(before(i), others)) return false;
    if (i >= from + 2 && text(i - 2) == "operator") return true;
    const auto last = before(i);
    return is_word(tokens_[i - 1]) || last == ">" || last == "]" || last == ")";
  }

  Block block_at(std::size_t open) const {
    const auto from = behind_template(head_, open);
    if (from == open) return Block::braces;
    if (find_in_head("namespace", from, open)) return Block::scope;
    if (find_in_head("enum", from, open)) return Block::braces;
    const auto parameters = parameters_at(from, open);
    if (!parameters) return without_parameters(from, open);
    if (find_in_head("=", from, *parameters)) return lambda_or_braces(*parameters, open);
    const auto initialisers = find_in_head(":", *parameters, open);
    const auto last = before(open);
    if (initialisers && last != ")" && last != "}") return Block::braces;
    return Block::function;
  }

  Block without_parameters(std::size_t from, std::size_t open) const {
    if (text(from) == "extern" && before(open) == "\"\"") return Block::scope;
    for (const std::string_view word : {"class", "struct", "union"}) {
      if (find_in_head(word, from, open)) return Block::scope;
    }
    return before(open) == "]" && find_in_head("=", from, open) ? Block::function : Block::braces;
  }

  /// `auto f = [..](..) {` is a function, `auto value = make(Options{` is not.
  Block lambda_or_braces(std::size_t parameters, std::size_t open) const {
    const bool lambda = before(parameters) == "]" && match_[parameters] < open;
    return lambda ? Block::function : Block::braces;
  }

  Function measure(std::size_t open, std::size_t close) const {
    const auto from = behind_template(head_, open);
    const auto parameters = parameters_at(from, open);
    Function function{"", tokens_[head_].line, 0, 0, nesting(open, close)};
    function.lines = tokens_[close].line - function.line + 1;
    if (!parameters) return function;
    function.name = name_at(*parameters);
    function.parameters = count_parameters(*parameters);
    return function;
  }

  std::string name_at(std::size_t parameters) const {
    const auto last = std::string(before(parameters));
    if (last == ")") return "operator()";
    const bool spelled = parameters >= 2 && text(parameters - 2) == "operator";
    return spelled ? "operator" + last : last;
  }

  int count_parameters(std::size_t open) const {
    const auto close = match_[open];
    if (close <= open + 1 || (close == open + 2 && text(open + 1) == "void")) return 0;
    int count = 1;
    int angles = 0;
    for (auto i = open + 1; i < close; ++i) {
      const auto sign = text(i);
      if (sign == "<" && is_word(tokens_[i - 1])) ++angles;
      if (sign == ">" && angles > 0) --angles;
      if (sign == "," && angles == 0) ++count;
      if (sign == "(" || sign == "{" || sign == "[") i = std::max(i, match_[i]);
    }
    return count;
  }

  bool opens_control(std::size_t open) const {
    const auto last = before(open);
    if (last == "else" || last == "do" || last == "try") return true;
    if (last != ")") return false;
    const auto word = before(match_[open - 1]);
    return among<6>(word, {"if", "for", "while", "switch", "catch", "constexpr"});
  }

  int nesting(std::size_t open, std::size_t close) const {
    std::vector<bool> blocks;
    int deepest = 0;
    for (auto i = open + 1; i < close; ++i) {
      if (text(i) == "{") blocks.push_back(opens_control(i));
      if (text(i) == "}" && !blocks.empty()) blocks.pop_back();
      const auto depth = std::count(blocks.begin(), blocks.end(), true);
      deepest = std::max(deepest, static_cast<int>(depth));
    }
    return deepest;
  }

  const std::vector<Token>& tokens_;
  std::vector<std::size_t> match_;
  std::vector<Function> found_;
  std::size_t at_ = 0;
  std::size_t head_ = 0;
};

}  // namespace

std::vector<Function> functions_of(const SourceFile& file) { return Scanner(file.tokens).run(); }

}  // namespace plumbline::tidy
