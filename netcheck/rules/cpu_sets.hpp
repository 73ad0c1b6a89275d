#pragma once

#include <set>
#include <string>
#include <vector>

namespace plumbline::netcheck {

/// Numbers of CPUs, or of NUMA nodes.
using Numbers = std::set<int>;

Numbers set_of(const std::vector<int>& numbers);

/// "0-3,8", as the kernel writes it; "none" for no number.
std::string text_of(const Numbers& numbers);

/// Those that both have.
Numbers shared_by(const Numbers& one, const Numbers& other);

}  // namespace plumbline::netcheck
