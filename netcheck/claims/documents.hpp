#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace plumbline::netcheck::claims {

/// Limits of one file's documents: nesting, and values of all kinds together.
inline constexpr int kMostDepth = 64;
inline constexpr long kMostValues = 2'000'000;

/// One JSON text. An error says where and what; nesting and counts above the limits are errors too.
Result<std::vector<nlohmann::json>> parse_json(std::string_view text);

/// All documents of a YAML text, plain scalars typed as YAML 1.2 core does (true, 12), quoted ones
/// text. Aliases are refused: kubectl writes none, and they can grow without bound.
Result<std::vector<nlohmann::json>> parse_yaml(std::string_view text);

}  // namespace plumbline::netcheck::claims
