#pragma once

namespace plumbline {

/// Ends the program with the place and the broken promise when `holds` is false. For errors of the
/// programmer only, in every build type; what the world can do wrong is a Result.
void require(bool holds, const char* promise, const char* file = __builtin_FILE(),
             int line = __builtin_LINE()) noexcept;

}  // namespace plumbline
