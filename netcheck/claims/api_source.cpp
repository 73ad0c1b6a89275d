#include "netcheck/claims/api_source.hpp"

#include <nlohmann/json.hpp>
#include <vector>

#include "netcheck/claims/api_list.hpp"
#include "netcheck/claims/api_resources.hpp"
#include "netcheck/claims/gather.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Json = nlohmann::json;

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
  Result<AllocationView> read(Deadline deadline) const {
    std::vector<std::string> refused;
    auto client = ApiClient::open(access_, *clock_, deadline);
    if (!client) return tl::unexpected(std::move(client.error()));
    auto resources = discover(*client, deadline);
    if (!resources) return tl::unexpected(std::move(resources.error()));
    Gatherer gatherer;
    for (const Resource& resource : *resources) {
      const auto take = [&](const Json& page) -> Status {
        if (auto added = gatherer.add(page, resource.name); !added) return added;
        return sink_ ? sink_(resource.name + "." + resource.group, page) : Status();
      };
      auto listed = list_pages(*client, resource.path, "", deadline, take);
      if (listed) gatherer.listed(resource.kind);
      if (listed) continue;
      if (listed.error().code != ErrorCode::permission_denied)
        return tl::unexpected(std::move(listed.error()));
      refused.push_back(refusal_of(resource, "list", listed.error()));
    }
    if (refused.size() == resources->size()) {
      return fail(ErrorCode::permission_denied, "nothing may be read: " + refused.front());
    }
    AllocationView view = gatherer.finish();
    view.warnings.insert(view.warnings.begin(), refused.begin(), refused.end());
    return view;
  }

  ApiAccess access_;
  Clock* clock_;
  PageSink sink_;
};

}  // namespace

std::unique_ptr<AllocationSource> open_api(ApiAccess access, Clock& clock, PageSink sink) {
  return std::make_unique<ApiSource>(std::move(access), clock, std::move(sink));
}

}  // namespace plumbline::netcheck::claims
