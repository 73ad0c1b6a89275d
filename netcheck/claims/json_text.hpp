#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace plumbline::netcheck::claims {

/// A member that is a text; empty when it is absent or another type, or `object` is no object. For
/// a look at what an object is; who reads it field by field and tells what is wrong uses Fields.
std::string text_of(const nlohmann::json& object, const char* name);

}  // namespace plumbline::netcheck::claims
