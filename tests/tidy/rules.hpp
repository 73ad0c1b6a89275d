#pragma once

#include <string>
#include <vector>

#include "tests/tidy/source.hpp"

/// One function a rule: it looks at a file (or at the whole tree) and returns what breaches it. The
/// text of a problem says what to do instead.
namespace plumbline::tidy {

using Tree = std::vector<SourceFile>;

/// Includes go along the arrows of the house (core <- probes <- collectives, ...) and show the
/// room.
Problems check_arrows(const SourceFile& file);

/// A vendor's or a library's headers stay in the rooms that are built for them.
Problems check_vendor_headers(const SourceFile& file);

/// Calls and words with a better form in this house.
Problems check_banned_words(const SourceFile& file);

/// No `#if` on what was found at configure time: CMake picks another source file.
Problems check_directives(const SourceFile& file);

/// Lines, files, headers, functions, parameters, nesting.
Problems check_sizes(const SourceFile& file);

/// Tabs, blanks at the end of a line, carriage returns, leftover markers.
Problems check_text(const SourceFile& file);

/// A header starts with `#pragma once`.
Problems check_header_guard(const SourceFile& file);

/// Every .cpp is named by a CMakeLists.txt, relative to it.
Problems check_dead_files(const Tree& tree);

/// Every rule over every file.
Problems check_all(const Tree& tree);

/// Reads the files of a checkout that the rules hold for; build folders, packages and recorded
/// fixtures are left out. An empty tree means that `root` is not a checkout.
Tree read_tree(const std::string& root);

}  // namespace plumbline::tidy
