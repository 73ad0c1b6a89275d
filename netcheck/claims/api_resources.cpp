#include "netcheck/claims/api_resources.hpp"

#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "netcheck/claims/json_text.hpp"
#include "netcheck/claims/kinds.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Json = nlohmann::json;

/// What is lost without the right to list a kind.
struct Loss {
  const char* kind;
  const char* checks;
};
constexpr std::array<Loss, 12> kLosses{{
    {"Node", "X10, X11, X12, X20"},
    {"Pod", "X04, X07 to X10, X12, X13, X21"},
    {"ResourceSlice", "X01 to X04, X08, X15, X20"},
    {"ResourceClaim", "X01, X02, X04, X08, X15, X21"},
    {"ResourceClaimTemplate", "X01 and X02 of templates"},
    {"DeviceClass", "X01 and X02 of claims that wait"},
    {"PodGroup", "X10, X12, X13"},
    {"Workload", "X10, X13"},
    {"NodeResourceTopology", "X07"},
    {"HyperNode", "X12 of Volcano"},
    {"ComputeDomain", "X06, X11 of cliques"},
    {"Topology", "X11 of missing levels"},
}};

std::string lost_without(const std::string& kind) {
  for (const Loss& loss : kLosses) {
    if (kind == loss.kind) return loss.checks;
  }
  return "X12 and X13 of this kind";
}

const Json& list_in(const Json& object, const char* name) {
  static const Json none = Json::array();
  if (!object.is_object()) return none;
  const auto found = object.find(name);
  return found != object.end() && found->is_array() ? *found : none;
}

bool any_known(const std::string& group, const std::string& version) {
  for (const Known& known : kinds()) {
    if (group == known.group && rank_of(known, version) >= 0) return true;
  }
  return false;
}

/// kind -> plural of one version's resources that can be listed.
Result<std::map<std::string, std::string>> read_version(ApiClient& client, const std::string& api,
                                                        Deadline deadline) {
  auto listed = client.get("/apis/" + api, deadline);
  if (!listed) return tl::unexpected(std::move(listed.error()));
  std::map<std::string, std::string> plurals;
  for (const Json& resource : list_in(*listed, "resources")) {
    const std::string name = text_of(resource, "name");
    if (name.find('/') == std::string::npos) plurals[text_of(resource, "kind")] = name;
  }
  return plurals;
}

void choose(const std::string& group,
            const std::map<std::string, std::map<std::string, std::string>>& versions,
            std::vector<Resource>& found) {
  for (const Known& known : kinds()) {
    if (group != known.group) continue;
    for (const char* const version : known.versions) {
      if (version == nullptr) break;
      const auto served = versions.find(version);
      if (served == versions.end() || served->second.count(known.kind) == 0) continue;
      const std::string& name = served->second.at(known.kind);
      const std::string api = group + "/" + version;
      found.push_back({known.kind, group, name, "/apis/" + api + "/" + name, api});
      break;
    }
  }
}

}  // namespace

Result<std::vector<Resource>> discover(ApiClient& client, Deadline deadline) {
  std::vector<Resource> found{{"Node", "", "nodes", "/api/v1/nodes", "v1"},
                              {"Pod", "", "pods", "/api/v1/pods", "v1"}};
  auto groups = client.get("/apis", deadline);
  if (!groups) return tl::unexpected(std::move(groups.error()));
  for (const Json& group : list_in(*groups, "groups")) {
    const std::string name = text_of(group, "name");
    std::map<std::string, std::map<std::string, std::string>> versions;
    for (const Json& version : list_in(group, "versions")) {
      const std::string word = text_of(version, "version");
      if (!any_known(name, word)) continue;
      auto plurals = read_version(client, name + "/" + word, deadline);
      if (!plurals) return tl::unexpected(std::move(plurals.error()));
      versions[word] = std::move(*plurals);
    }
    choose(name, versions, found);
  }
  return found;
}

std::string refusal_of(const Resource& resource, const char* verb, const Error& error) {
  const std::string group = resource.group.empty() ? "" : " in API group " + resource.group;
  return std::string("the right to ") + verb + " " + resource.name + group +
         " is missing; lost are checks " + lost_without(resource.kind) + " (" + error.message + ")";
}

}  // namespace plumbline::netcheck::claims
