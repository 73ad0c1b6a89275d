#include "netcheck/rules/alignment.hpp"
#include "netcheck/rules/rules.hpp"

namespace plumbline::netcheck {
namespace {

bool is_numa(const std::string& attribute) {
  const std::string last = attribute.substr(attribute.find('/') + 1);
  return last == "numaNode" || last == "numaNodeID" || last == "numa";
}

std::optional<std::string> real_node(const PciDevice& device) {
  return device.numa ? std::optional(std::to_string(*device.numa)) : std::nullopt;
}

}  // namespace

std::vector<Finding> x02_numa_node(const Facts& facts) {
  return judge_nearness(facts, {"X02", "NUMA node", is_numa, numa_of, real_node, true});
}

}  // namespace plumbline::netcheck
