#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace plumbline::netcheck::claims {

/// Limits of one file's documents: nesting, and values of all kinds together.
inline constexpr int kMostDepth = 64;
inline constexpr long kMostValues = 10'000'000;

/// JSON texts, one after another (as several dumps into one file are). An error says where and
/// what; nesting and counts above the limits are errors too. What `managedFields` holds is left
/// out: it is half of a dump and says who wrote a field, never what it is.
Result<std::vector<nlohmann::json>> parse_json(std::string_view text);

/// All documents of a YAML text, plain scalars typed as YAML 1.2 core does (true, 12), quoted ones
/// text. Aliases (kubectl writes none, PyYAML does) are copies of what they name, 1,000,000 values
/// of them at most: they could grow without bound.
Result<std::vector<nlohmann::json>> parse_yaml(std::string_view text);

/// How a file's name says that it is written.
enum class Writing { json, yaml, unknown };

/// The documents of a file: JSON or YAML as its first byte that is no blank says, so that JSON in
/// a file called *.yaml is read too; a byte order mark is taken off, UTF-16 (what PowerShell's ">"
/// writes) made UTF-8. Errors as of parse_json() and parse_yaml().
Result<std::vector<nlohmann::json>> parse_documents(std::string_view text, Writing writing);

}  // namespace plumbline::netcheck::claims
