#include "netcheck/claims/agent_pods.hpp"

#include <map>
#include <nlohmann/json.hpp>

#include "netcheck/claims/api_list.hpp"
#include "netcheck/claims/fields.hpp"

namespace plumbline::netcheck::claims {
namespace {

using ByNode = std::map<std::string, AgentPod>;

bool ready(const Fields& status) {
  for (const Fields& condition : status.list("conditions")) {
    if (condition.text("type") == "Ready") return condition.text("status") == "True";
  }
  return false;
}

void add_pod(const Fields& object, ByNode& found) {
  const Fields metadata = object.object("metadata");
  const Fields status = object.object("status");
  const std::string phase = status.text("phase");
  const std::string node = object.object("spec").text("nodeName");
  const bool over = phase == "Succeeded" || phase == "Failed" || metadata.has("deletionTimestamp");
  if (node.empty() || over) return;
  AgentPod pod{node, metadata.text("namespace") + "/" + metadata.text("name"), status.text("podIP"),
               ""};
  if (!ready(status))
    pod.problem = "the agent's pod " + pod.pod + " is not ready (" +
                  (phase.empty() ? "no phase yet" : phase) + ")";
  const auto before = found.find(node);
  if (before == found.end() || !before->second.problem.empty()) found[node] = std::move(pod);
}

void add_node(const Fields& object, const AgentSearch& search, ByNode& found) {
  const std::string node = object.object("metadata").text("name");
  if (node.empty() || found.contains(node)) return;
  found[node] = {node, "", "",
                 "no pod " + search.label + " of namespace " + search.pod_namespace +
                     " is bound to this node"};
}

}  // namespace

Result<std::vector<AgentPod>> find_agents(ApiAccess access, Clock& clock, const AgentSearch& search,
                                          Deadline deadline) {
  auto client = ApiClient::open(std::move(access), clock, deadline);
  if (!client) return tl::unexpected(std::move(client.error()));
  ByNode found;
  const auto items = [](const nlohmann::json& page, const auto& take) {
    std::string problem;  // what cannot be read is no agent
    for (const Fields& item : Fields(page, "", problem).list("items"))
      take(item);
    return Status{};
  };
  auto listed = list_pages(*client, "/api/v1/namespaces/" + search.pod_namespace + "/pods",
                           "labelSelector=" + escaped(search.label), deadline,
                           [&](const nlohmann::json& page) {
                             return items(page, [&](const Fields& pod) { add_pod(pod, found); });
                           });
  if (listed && !search.node_label.empty()) {
    listed =
        list_pages(*client, "/api/v1/nodes", "labelSelector=" + escaped(search.node_label),
                   deadline, [&](const nlohmann::json& page) {
                     return items(page, [&](const Fields& node) { add_node(node, search, found); });
                   });
  }
  if (!listed) return pass_up(std::move(listed.error()), "looking for the agents' pods");
  std::vector<AgentPod> agents;
  for (auto& [node, pod] : found)
    agents.push_back(std::move(pod));
  return agents;
}

}  // namespace plumbline::netcheck::claims
