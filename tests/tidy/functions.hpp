#pragma once

#include <string>
#include <vector>

#include "tests/tidy/source.hpp"

namespace plumbline::tidy {

/// The size of one function definition, lambdas at file scope included; lambdas and local classes
/// inside a function count as its own lines.
struct Function {
  std::string name;
  int line = 0;        ///< where the definition starts
  int lines = 0;       ///< from there to its closing brace
  int parameters = 0;  ///< of the function itself
  int nesting = 0;     ///< deepest stack of if, else, for, while, do, switch, try and catch blocks
};

/// The functions that a file defines, in order. Reads tokens, not C++: unbalanced braces end the
/// list early.
std::vector<Function> functions_of(const SourceFile& file);

}  // namespace plumbline::tidy
