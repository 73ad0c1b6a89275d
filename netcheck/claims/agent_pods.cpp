#include "netcheck/claims/agent_pods.hpp"

#include <map>
#include <nlohmann/json.hpp>

#include "netcheck/claims/api_list.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Json = nlohmann::json;
using ByNode = std::map<std::string, AgentPod>;

const Json& member(const Json& object, const char* name) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto found = object.find(name);
  return found == object.end() ? none : *found;
}

std::string text(const Json& value) { return value.is_string() ? value.get<std::string>() : ""; }

bool ready(const Json& status) {
  for (const Json& condition : member(status, "conditions")) {
    if (text(member(condition, "type")) == "Ready")
      return text(member(condition, "status")) == "True";
  }
  return false;
}

void add_pod(const Json& object, ByNode& found) {
  const Json& metadata = member(object, "metadata");
  const Json& status = member(object, "status");
  const std::string phase = text(member(status, "phase"));
  const std::string node = text(member(member(object, "spec"), "nodeName"));
  const bool over =
      phase == "Succeeded" || phase == "Failed" || !member(metadata, "deletionTimestamp").is_null();
  if (node.empty() || over) return;
  AgentPod pod{node, text(member(metadata, "namespace")) + "/" + text(member(metadata, "name")),
               text(member(status, "podIP")), ""};
  if (!ready(status))
    pod.problem = "the agent's pod " + pod.pod + " is not ready (" +
                  (phase.empty() ? "no phase yet" : phase) + ")";
  const auto before = found.find(node);
  if (before == found.end() || !before->second.problem.empty()) found[node] = std::move(pod);
}

void add_node(const Json& object, const AgentSearch& search, ByNode& found) {
  const std::string node = text(member(member(object, "metadata"), "name"));
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
  const auto items = [](const Json& page, const auto& take) {
    for (const Json& item : member(page, "items"))
      take(item);
    return Status{};
  };
  auto listed = list_pages(
      *client, "/api/v1/namespaces/" + search.pod_namespace + "/pods",
      "labelSelector=" + escaped(search.label), deadline,
      [&](const Json& page) { return items(page, [&](const Json& pod) { add_pod(pod, found); }); });
  if (listed && !search.node_label.empty()) {
    listed =
        list_pages(*client, "/api/v1/nodes", "labelSelector=" + escaped(search.node_label),
                   deadline, [&](const Json& page) {
                     return items(page, [&](const Json& node) { add_node(node, search, found); });
                   });
  }
  if (!listed) return pass_up(std::move(listed.error()), "looking for the agents' pods");
  std::vector<AgentPod> agents;
  for (auto& [node, pod] : found)
    agents.push_back(std::move(pod));
  return agents;
}

}  // namespace plumbline::netcheck::claims
