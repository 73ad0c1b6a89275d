#include "netcheck/claims/api_source.hpp"

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "netcheck/claims/api_client.hpp"
#include "netcheck/claims/api_list.hpp"
#include "netcheck/claims/gather.hpp"
#include "netcheck/claims/kinds.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Json = nlohmann::json;

/// One thing to list.
struct Resource {
  std::string kind;
  std::string group;
  std::string name;  ///< plural
  std::string path;  ///< "/apis/resource.k8s.io/v1/resourceslices"
};

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

std::string text_of(const Json& object, const char* name) {
  if (!object.is_object()) return {};
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const Json& list_in(const Json& object, const char* name) {
  static const Json none = Json::array();
  if (!object.is_object()) return none;
  const auto found = object.find(name);
  return found != object.end() && found->is_array() ? *found : none;
}

class ApiSource final : public AllocationSource {
 public:
  ApiSource(ApiAccess access, Clock& clock, PageSink sink)
      : access_(std::move(access)), clock_(&clock), sink_(std::move(sink)) {}

  Result<AllocationView> snapshot(Deadline deadline) override {
    auto view = read(deadline);
    if (!view) return pass_up(std::move(view.error()), "reading the claims of " + access_.server);
    view->source = "API server " + access_.server;
    view->read_at = clock_->wall_time();
    return view;
  }

 private:
  Result<AllocationView> read(Deadline deadline) {
    refused_.clear();
    auto client = ApiClient::open(access_, *clock_, deadline);
    if (!client) return tl::unexpected(std::move(client.error()));
    auto resources = discover(*client, deadline);
    if (!resources) return tl::unexpected(std::move(resources.error()));
    Gatherer gatherer;
    for (const Resource& resource : *resources) {
      auto listed = list(*client, resource, gatherer, deadline);
      if (listed) continue;
      if (listed.error().code != ErrorCode::permission_denied)
        return tl::unexpected(std::move(listed.error()));
      refuse(resource, listed.error());
    }
    if (refused_.size() == resources->size()) {
      return fail(ErrorCode::permission_denied, "nothing may be read: " + refused_.front());
    }
    AllocationView view = gatherer.finish();
    view.warnings.insert(view.warnings.begin(), refused_.begin(), refused_.end());
    return view;
  }

  void refuse(const Resource& resource, const Error& error) {
    const std::string group = resource.group.empty() ? "" : " in API group " + resource.group;
    refused_.push_back("the right to list " + resource.name + group +
                       " is missing; lost are checks " + lost_without(resource.kind) + " (" +
                       error.message + ")");
  }

  /// The kinds that the server serves, each in the newest version that is understood.
  Result<std::vector<Resource>> discover(ApiClient& client, Deadline deadline) const {
    std::vector<Resource> found{{"Node", "", "nodes", "/api/v1/nodes"},
                                {"Pod", "", "pods", "/api/v1/pods"}};
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

  static bool any_known(const std::string& group, const std::string& version) {
    for (const Known& known : kinds()) {
      if (group == known.group && rank_of(known, version) >= 0) return true;
    }
    return false;
  }

  /// kind -> plural of one version's resources that can be listed.
  static Result<std::map<std::string, std::string>> read_version(ApiClient& client,
                                                                 const std::string& api,
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

  static void choose(const std::string& group,
                     const std::map<std::string, std::map<std::string, std::string>>& versions,
                     std::vector<Resource>& found) {
    for (const Known& known : kinds()) {
      if (group != known.group) continue;
      for (const char* const version : known.versions) {
        if (version == nullptr) break;
        const auto served = versions.find(version);
        if (served == versions.end() || served->second.count(known.kind) == 0) continue;
        const std::string& name = served->second.at(known.kind);
        found.push_back({known.kind, group, name, "/apis/" + group + "/" + version + "/" + name});
        break;
      }
    }
  }

  /// All objects of one kind.
  Status list(ApiClient& client, const Resource& resource, Gatherer& gatherer,
              Deadline deadline) const {
    return list_pages(client, resource.path, "", deadline, [&](const Json& page) -> Status {
      if (auto added = gatherer.add(page, resource.name); !added) return added;
      return sink_ ? sink_(resource.name + "." + resource.group, page) : Status{};
    });
  }

  ApiAccess access_;
  Clock* clock_;
  PageSink sink_;
  std::vector<std::string> refused_;
};

}  // namespace

std::unique_ptr<AllocationSource> open_api(ApiAccess access, Clock& clock, PageSink sink) {
  return std::make_unique<ApiSource>(std::move(access), clock, std::move(sink));
}

}  // namespace plumbline::netcheck::claims
