#pragma once

#include <nlohmann/json_fwd.hpp>

namespace plumbline::netcheck::claims {

/// A copy of an object, or of a list of them, with nothing in it but the fields that plumbline
/// reads: no environment, arguments, commands, Secrets, opaque driver parameters or managed fields;
/// of annotations only those that name gangs, placements and networks.
nlohmann::json allowed(const nlohmann::json& object);

}  // namespace plumbline::netcheck::claims
