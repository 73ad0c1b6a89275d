#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "netcheck/claims/api_client.hpp"

namespace plumbline::netcheck::claims {

/// Text as it may stand in a URL's query.
std::string escaped(const std::string& text);

/// Hands every page of a list to `page`, 500 objects at a time. `query` is empty or
/// "labelSelector=..." (escaped). A list that expired half way (410) is read again from its start,
/// so that objects may come twice. Errors: the client's, and those of `page`.
Status list_pages(ApiClient& client, const std::string& path, const std::string& query,
                  Deadline deadline, const std::function<Status(const nlohmann::json&)>& page);

}  // namespace plumbline::netcheck::claims
