#include "netcheck/rules/cpu_sets.hpp"

#include <algorithm>
#include <iterator>

namespace plumbline::netcheck {

Numbers set_of(const std::vector<int>& numbers) { return {numbers.begin(), numbers.end()}; }

std::string text_of(const Numbers& numbers) {
  std::string text;
  for (auto at = numbers.begin(); at != numbers.end();) {
    const int first = *at;
    int last = first;
    for (++at; at != numbers.end() && *at == last + 1; ++at)
      last = *at;
    text += (text.empty() ? "" : ",") + std::to_string(first) +
            (last > first ? "-" + std::to_string(last) : "");
  }
  return text.empty() ? "none" : text;
}

Numbers shared_by(const Numbers& one, const Numbers& other) {
  Numbers both;
  std::set_intersection(one.begin(), one.end(), other.begin(), other.end(),
                        std::inserter(both, both.end()));
  return both;
}

}  // namespace plumbline::netcheck
