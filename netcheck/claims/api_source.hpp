#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "netcheck/claims/allocation_source.hpp"
#include "netcheck/claims/api_access.hpp"

namespace plumbline::netcheck::claims {

/// Every object that is read from an API server, one page at a time: the list's text and the name
/// of the resource. For recording what was read.
using PageSink = std::function<Status(const std::string& resource, const nlohmann::json& page)>;

/// A live API server. Reads what the server knows of the kinds that plumbline reads (discovery
/// picks the newest version that both know), in pages. A kind that it does not serve is nothing; a
/// right that is missing is a warning that names verb, resource and the checks that are lost. Only
/// a server that lets nothing be read is an error. `clock` is borrowed.
std::unique_ptr<AllocationSource> open_api(ApiAccess access, Clock& clock, PageSink sink = {});

}  // namespace plumbline::netcheck::claims
