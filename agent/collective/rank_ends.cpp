#include "agent/collective/rank_ends.hpp"

#include <algorithm>

#include "agent/collective/told_runs.hpp"
#include "agent/stage/mpi_evidence.hpp"

namespace plumbline::agent {
namespace {

std::vector<RankSign> signs_of(const std::vector<std::optional<MeasureEnd>>& ends) {
  std::vector<RankSign> signs(ends.size());
  for (std::size_t rank = 0; rank < ends.size(); ++rank) {
    const auto& end = ends[rank];
    signs[rank].silent = !end || end->fate == ChildFate::hung;
    if (!end) continue;
    const MpiEvidence told = read_evidence(end->last_words);
    const auto found = told.told.find(static_cast<int>(rank));
    if (found != told.told.end()) signs[rank] = found->second;
    signs[rank].dead = end->fate == ChildFate::died || end->fate == ChildFate::not_started;
    signs[rank].silent = end->fate == ChildFate::hung;
  }
  return signs;
}

}  // namespace

bool unexplained(const Outcome& outcome) {
  const Failed* const failed = outcome.failed();
  return failed != nullptr && failed->error.code != ErrorCode::data_corrupt;
}

std::string rank_words(int rank, const std::vector<std::string>& nodes) {
  const bool one = std::all_of(nodes.begin(), nodes.end(),
                               [&](const std::string& node) { return node == nodes.front(); });
  const auto index = static_cast<std::size_t>(rank);
  const std::string name = "rank " + std::to_string(rank);
  return one || index >= nodes.size() ? name : name + " on " + nodes[index];
}

Failed explain_ranks(Failed failed, const std::vector<std::optional<MeasureEnd>>& ends,
                     const std::vector<std::string>& nodes) {
  const HangCause cause = name_cause(signs_of(ends));
  failed.error.message += "; " + cause.because;
  std::vector<std::string> names;
  for (const int rank : cause.ranks)
    names.push_back(rank_words(rank, nodes));
  failed.error.message += suspected(names);
  const bool one = cause.ranks.size() == 1;
  failed.blamed = one ? nodes.at(static_cast<std::size_t>(cause.ranks.front())) : "";
  return failed;
}

}  // namespace plumbline::agent
