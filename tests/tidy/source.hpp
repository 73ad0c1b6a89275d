#pragma once

#include <string>
#include <string_view>
#include <vector>

/// The house rules as a test: reads the tree as text and knows nothing of what it compiles to.
namespace plumbline::tidy {

/// A word or sign of C++ code. A string literal is the token `""`, a character literal `' '`.
struct Token {
  std::string text;
  int line = 0;
};

/// One `#...` line, continuation lines joined; `text` as written, without the leading blanks.
struct Directive {
  std::string text;
  int line = 0;
};

/// A file of the tree. `tokens` and `directives` are filled for C++ files only.
struct SourceFile {
  std::string path;  ///< from the repository's root, with '/'
  std::vector<std::string> lines;
  std::vector<Token> tokens;
  std::vector<Directive> directives;
};

/// One breach of one rule; `line` is 0 where the whole file is meant.
struct Problem {
  std::string path;
  int line = 0;
  std::string message;
};

using Problems = std::vector<Problem>;

/// Cuts a file into what the rules look at. Never fails: what is not C++ gives odd tokens, not
/// errors.
SourceFile read_source(std::string path, std::string_view text);

bool is_cpp(const SourceFile& file);     ///< .cpp, .hpp, .h or .cu
bool is_header(const SourceFile& file);  ///< .hpp or .h
bool is_word(const Token& token);        ///< identifier, keyword or number

/// True when the file defines `main`.
bool is_main_file(const SourceFile& file);

/// The code with comments blanked and literals emptied, line for line as long as the text.
std::string blank_comments_and_literals(std::string_view text);

/// "path:line: message", one a line.
std::string listed(const Problems& problems);

}  // namespace plumbline::tidy
