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

/// What a child told, and how it ended when it did not end well.
struct LocalRun {
  LocalAnswer answer;
  std::optional<Error> failed;
};

/// Runs plumbline-probe (`program`, or the one beside this program when empty) for one request. The
/// error of a child that ends badly has its last words; what it told before stays.
LocalRun run_probe(const std::filesystem::path& program, const Request& request);

/// The same, for a caller to whom half an answer is none.
Result<LocalAnswer> ask_probe(const std::filesystem::path& program, const Request& request);

/// This machine's host name.
std::string host_name();

}  // namespace plumbline::agent
