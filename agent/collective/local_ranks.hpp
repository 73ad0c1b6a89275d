#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/model/measurement.hpp"
#include "core/protocol/request.hpp"

namespace plumbline::agent {

/// Ranks that are all children of this process.
struct LocalRanks {
  std::filesystem::path program;         ///< plumbline-rank
  std::string node;                      ///< this host
  std::vector<std::string> environment;  ///< all that a rank gets
  Request request;                       ///< rank is filled in
};

/// What a run of them is watched with; each may be empty.
struct LocalWatch {
  std::function<void(const ProgressEvent&)> progress;
  std::function<void(const Outcome&)> outcome;
  std::function<bool()> cancelled;
};

/// Starts a child for every rank, passes to all what they post to each other, and returns an
/// outcome for every identity of the request. When one ends badly the others are ended; what has no
/// outcome is failed, with the ranks that may be the cause as suspects (see name_cause()). When it
/// returns no rank is left.
std::vector<Outcome> run_local_ranks(const LocalRanks& ranks, const LocalWatch& watch,
                                     Clock& clock);

}  // namespace plumbline::agent
