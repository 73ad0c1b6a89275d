#include "netcheck/groups/domains.hpp"

namespace plumbline::netcheck {

std::string nvlink_domain(const NodeFacts& node, std::size_t gpu) {
  if (gpu >= gpu_count(node)) return node.node;
  const auto& fabric = node.topology->gpus->gpus[gpu].fabric;
  if (!fabric || fabric->cluster_uuid.empty() || fabric->state != "completed") return node.node;
  return fabric->cluster_uuid + "." + std::to_string(fabric->clique);
}

std::size_t gpu_count(const NodeFacts& node) {
  if (!node.topology || !node.topology->gpus) return 0;
  return node.topology->gpus->gpus.size();
}

}  // namespace plumbline::netcheck
