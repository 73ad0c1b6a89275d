#include "agent/stage/stage_sources.hpp"

#include <algorithm>
#include <utility>

#include "netcheck/claims/bundle.hpp"

namespace plumbline::agent {
namespace {

constexpr auto kPatience = std::chrono::seconds(60);

/// "10.0.0.7:7443", "[fd00::7]:7443".
std::string address_of(const std::string& ip, int port) {
  const bool v6 = ip.find(':') != std::string::npos;
  return (v6 ? "[" + ip + "]" : ip) + ":" + std::to_string(port);
}

}  // namespace

Result<std::vector<StageAgent>> stage_agents(const StageFile& file, Clock& clock) {
  std::vector<StageAgent> agents;
  for (const auto& address : file.agents)
    agents.push_back({address, ""});
  if (file.agent_pods.pod_namespace.empty()) return agents;
  auto access = access_to(file.cluster);
  if (!access) return tl::unexpected(std::move(access.error()));
  auto pods = netcheck::claims::find_agents(std::move(*access), clock, file.agent_pods,
                                            Deadline::after(kPatience));
  if (!pods) return tl::unexpected(std::move(pods.error()));
  for (const auto& pod : *pods)
    agents.push_back({{pod.node, address_of(pod.ip, file.agent_port)}, pod.problem});
  return agents;
}

Result<AllocationView> stage_claims(const StageFile& file, Clock& clock) {
  const auto deadline = Deadline::after(kPatience);
  if (!file.cluster.named()) return netcheck::claims::open_bundle(file.bundle)->snapshot(deadline);
  auto source = open_cluster(file.cluster, clock);
  if (!source) return tl::unexpected(std::move(source.error()));
  return (*source)->snapshot(deadline);
}

std::vector<std::string> other_networks(const StageFile& file,
                                        const std::vector<StageAgent>& agents) {
  std::vector<std::string> others;
  for (const StageAgent& agent : agents) {
    const std::string& address = agent.address.address;
    std::string host = address.substr(0, address.rfind(':'));
    std::erase_if(host, [](char letter) { return letter == '[' || letter == ']'; });
    others.push_back(std::move(host));
  }
  if (!file.management_subnet.empty()) others.push_back(file.management_subnet);
  return others;
}

}  // namespace plumbline::agent
