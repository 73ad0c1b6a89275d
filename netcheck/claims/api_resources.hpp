#pragma once

#include <string>
#include <vector>

#include "netcheck/claims/api_client.hpp"

namespace plumbline::netcheck::claims {

/// One kind of object that a server serves and plumbline reads.
struct Resource {
  std::string kind;
  std::string group;
  std::string name;  ///< plural
  std::string path;  ///< "/apis/resource.k8s.io/v1/resourceslices"
  std::string api;   ///< "resource.k8s.io/v1"
};

/// The kinds that the server serves, each in the newest version that is understood.
Result<std::vector<Resource>> discover(ApiClient& client, Deadline deadline);

/// The line that a missing right is worth: verb, resource, and the checks that are lost.
std::string refusal_of(const Resource& resource, const char* verb, const Error& error);

}  // namespace plumbline::netcheck::claims
