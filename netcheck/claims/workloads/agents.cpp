#include "netcheck/claims/workloads/agents.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "netcheck/claims/documents.hpp"
#include "netcheck/claims/json_text.hpp"
#include "netcheck/claims/workloads/agents_text.hpp"
#include "netcheck/claims/workloads/pod_template.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Json = nlohmann::json;

constexpr const char* kAgents = "agents";
constexpr const char* kSecret = "agents-tls";

bool has_names(const Json& list) {
  return list.is_array() && !list.empty() &&
         std::all_of(list.begin(), list.end(),
                     [](const Json& item) { return !text_of(item, "name").empty(); });
}

void merge(Json& base, const Json& patch);

/// Items of one name become one; others are added.
void merge_list(Json& base, const Json& patch) {
  for (const Json& item : patch) {
    const auto found = std::find_if(base.begin(), base.end(), [&](const Json& one) {
      return text_of(one, "name") == text_of(item, "name");
    });
    if (found == base.end()) {
      base.push_back(item);
    } else {
      merge(*found, item);
    }
  }
}

/// A strategic merge as far as our patches go: objects deeply, lists of named things by name,
/// anything else is replaced.
void merge(Json& base, const Json& patch) {
  if (!base.is_object() || !patch.is_object()) {
    base = patch;
    return;
  }
  for (const auto& [key, value] : patch.items()) {
    Json& own = base[key];
    if (own.is_object() && value.is_object()) {
      merge(own, value);
    } else if (has_names(own) && has_names(value)) {
      merge_list(own, value);
    } else {
      own = value;
    }
  }
}

/// "a=b,c=d" as an object.
Result<Json> selector_of(const std::string& text) {
  Json made = Json::object();
  std::size_t at = 0;
  while (at < text.size()) {
    const auto end = std::min(text.find(',', at), text.size());
    const std::string part = text.substr(at, end - at);
    const auto equals = part.find('=');
    const bool plain = equals != std::string::npos && equals > 0 &&
                       part.find_first_of("!() ") == std::string::npos;
    if (!plain) {
      return fail(ErrorCode::invalid_input,
                  "agent_pods.nodes: agents can be brought to nodes by "
                  "KEY=VALUE alone, not by \"" +
                      part + "\"");
    }
    const auto value_at = part[equals + 1] == '=' ? equals + 2 : equals + 1;
    made[part.substr(0, equals)] = part.substr(value_at);
    at = end + 1;
  }
  return made;
}

}  // namespace

Result<Json> prober_daemon_set() {
  auto base = parse_yaml(kAgentYaml);
  if (!base) return pass_up(std::move(base.error()), "the agents' DaemonSet");
  const auto patch = parse_yaml(kProberYaml);
  if (!patch) return pass_up(Error(patch.error()), "the agents' rights");
  Json whole = std::move(base->front());
  merge(whole, patch->front());
  return whole;
}

Result<Json> agents_object(const RunSpec& run, const std::string& node_selector) {
  auto made = prober_daemon_set();
  if (!made) return made;
  const auto selector = selector_of(node_selector);
  if (!selector) return tl::unexpected(selector.error());
  Json& object = *made;
  object["metadata"].update(run_metadata(run, object_name(run.run, kAgents)));
  object["spec"]["selector"]["matchLabels"][kRunLabel] = run.run;
  Json& pod = object["spec"]["template"];
  pod["metadata"]["labels"][kRunLabel] = run.run;
  pod["metadata"]["labels"][kWorkloadLabel] = kAgents;
  Json& spec = pod["spec"];
  spec.erase("serviceAccountName");
  spec["priorityClassName"] = run.priority_class;
  if (!selector->empty()) spec["nodeSelector"] = *selector;
  for (const std::string& key : run.tolerations)
    spec["tolerations"].push_back({{"key", key}, {"operator", "Exists"}});
  spec["containers"][0]["image"] = run.image;
  for (Json& volume : spec["volumes"]) {
    if (text_of(volume, "name") == "tls")
      volume["secret"]["secretName"] = object_name(run.run, kSecret);
  }
  return made;
}

Json agents_secret(const RunSpec& run, const PodSecrets& secrets) {
  Json made = secret_object(run, secrets);
  made["metadata"]["name"] = object_name(run.run, kSecret);
  return made;
}

}  // namespace plumbline::netcheck::claims
