#include "agent/stage/deploy_agents.hpp"

#include "agent/stage/run_authority.hpp"

namespace plumbline::agent {
namespace {

using std::chrono::seconds;

constexpr seconds kAsk{30};
constexpr seconds kReady{120};
constexpr std::chrono::milliseconds kLookEvery{500};

}  // namespace

Result<TlsTexts> deploy_agents(const StageFile& file, netcheck::claims::RunCluster& cluster,
                               const std::string& run_id, const StageWorld& world,
                               Deadline deadline) {
  const std::string& selector = file.agent_pods.node_label;
  const Deadline soon = Deadline::after(kAsk).earlier(deadline);
  const auto nodes = cluster.node_names(selector, soon);
  if (!nodes) return tl::unexpected(nodes.error());
  if (nodes->empty()) return fail(ErrorCode::not_found, "agent_pods.nodes names no node");
  auto identities = make_identities(run_id, *nodes);
  if (!identities) return tl::unexpected(std::move(identities.error()));
  const TlsTexts& agents = identities->agents;
  const auto made =
      cluster.make_agents(selector, {agents.ca, agents.certificate, agents.key}, soon);
  if (!made) return tl::unexpected(made.error());
  if (world.progress) world.progress("agents on " + std::to_string(nodes->size()) + " nodes", 0);
  const Deadline by = Deadline::after(kReady).earlier(deadline);
  while (!by.passed() && !(world.stop && world.stop())) {
    const auto ready = cluster.agents_ready(Deadline::after(kAsk).earlier(by));
    if (!ready) return tl::unexpected(ready.error());
    if (*ready) return std::move(identities->coordinator);
    world.clock.wait_until(world.clock.now() + kLookEvery);
  }
  world.log.warn("not every agent became ready in time");
  return std::move(identities->coordinator);
}

}  // namespace plumbline::agent
