#pragma once

#include <string>
#include <utility>
#include <vector>

#include "netcheck/judge.hpp"

namespace plumbline::netcheck {

/// judge() with a choice of claim rules, by id; X11 and localisation always run. Pure.
Report judge_by(const Facts& facts, const std::vector<std::pair<std::string, Rule>>& rules);

}  // namespace plumbline::netcheck
