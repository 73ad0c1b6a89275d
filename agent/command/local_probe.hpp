#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "core/model/measurement.hpp"
#include "core/model/topology.hpp"
#include "core/protocol/request.hpp"
#include "core/result.hpp"

namespace plumbline::agent {

/// What one measuring child on this machine told.
struct LocalAnswer {
  std::optional<Topology> topology;
  std::vector<Outcome> outcomes;
};

/// Runs plumbline-probe (`program`, or the one beside this program when empty) for one request. A
/// child that ends badly is an error with its last words.
Result<LocalAnswer> ask_probe(const std::filesystem::path& program, const Request& request);

/// This machine's host name.
std::string host_name();

}  // namespace plumbline::agent
