#include "agent/command/collective_agents.hpp"

#include <unistd.h>

#include <algorithm>

#include "agent/collective/agent_ranks.hpp"
#include "agent/service/bounds.hpp"
#include "agent/stage/stage_sources.hpp"
#include "core/clock.hpp"
#include "netcheck/groups/domains.hpp"
#include "netcheck/lookup.hpp"

namespace plumbline::agent {
namespace {

netcheck::Facts facts_of(const AgentSession& session) {
  netcheck::Facts facts;
  facts.fabric = session.file.fabric;
  facts.nodes = session.fleet->facts();
  SystemClock clock;
  if (auto view = stage_claims(session.file, clock)) facts.claims = std::move(*view);
  return facts;
}

/// The rack, or the NVLink domain, of each rank.
Result<std::vector<std::string>> domains_of(const AgentSession& session, const std::string& split,
                                            int each) {
  const netcheck::Facts facts = facts_of(session);
  std::vector<std::string> domains;
  for (const std::string& node : session.nodes) {
    const auto rack = netcheck::labelled_rack(facts, node);
    if (split == "rack" && !rack)
      return fail(ErrorCode::invalid_input, "--split rack: the rack of " + node + " is not known");
    for (int gpu = 0; gpu < each; ++gpu) {
      domains.push_back(split == "rack" ? *rack
                                        : netcheck::nvlink_domain(*netcheck::facts_of(facts, node),
                                                                  static_cast<std::size_t>(gpu)));
    }
  }
  return domains;
}

}  // namespace

Result<std::unique_ptr<AgentSession>> open_agents(const CollectiveLine& line, Log& log) {
  auto file = read_stage_file(line.agents);
  if (!file) return tl::unexpected(file.error());
  auto session = std::make_unique<AgentSession>();
  session->file = std::move(*file);
  SystemClock clock;
  const auto agents = stage_agents(session->file, clock);
  if (!agents) return tl::unexpected(agents.error());
  session->nodes = line.hosts;
  for (const StageAgent& agent : *agents) {
    if (line.hosts.empty()) session->nodes.push_back(agent.address.node);
  }
  for (const std::string& host : line.hosts) {
    const bool known = std::any_of(agents->begin(), agents->end(), [&](const StageAgent& agent) {
      return agent.address.node == host;
    });
    if (!known)
      return fail(ErrorCode::invalid_input,
                  "--hosts " + host + ": " + line.agents.string() + " names no such agent");
  }
  auto fleet =
      Fleet::gather(*agents, session->file.tls, "collective-" + std::to_string(::getpid()), log);
  if (!fleet) return tl::unexpected(fleet.error());
  session->fleet = std::move(*fleet);
  return session;
}

Status place_on_agents(const AgentSession& session, const CollectiveLine& line, Request& request) {
  const int each = line.threads * line.gpus;
  request.ends = ends_on(session.nodes, each);
  request.size = static_cast<int>(request.ends.size());
  request.limit.value = std::min(request.limit.value, bounds::kLimitMost);
  if (line.split != "rack" && line.split != "nvlink_domain") return {};
  const auto domains = domains_of(session, line.split, each);
  if (!domains) return tl::unexpected<Error>(domains.error());
  request.options["colours"] = colours_text(domain_colours(*domains));
  return {};
}

}  // namespace plumbline::agent
