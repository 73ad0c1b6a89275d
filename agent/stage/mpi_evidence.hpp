#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/collective/hang.hpp"
#include "core/clock.hpp"
#include "core/model/measurement.hpp"

namespace plumbline::agent {

/// What the launcher's and the ranks' stderr tell of a launch that went wrong.
struct MpiEvidence {
  std::map<int, RankSign> told;         ///< ranks that said that they gave up waiting
  std::vector<std::string> complaints;  ///< what ranks said before they left, "rank 2: ..."
  std::string death;             ///< the launcher's sentence on a process or daemon that died
  std::string dead_node;         ///< the node in that sentence
  std::optional<int> dead_rank;  ///< the rank in it, when a rank's process died
  std::string last_line;         ///< the last line that is no ornament
};

/// Reads it out of the text. Bounded by the text; unknown lines are passed over. Pure.
MpiEvidence read_evidence(std::string_view text);

/// `failed` with what the evidence adds: who died, who was silent while the others said that they
/// waited, or who had not begun the call in which they wait (see name_cause()). The ranks that may
/// be the cause are its suspects; a node is blamed only where exactly one is named. Pure.
Failed explain(Failed failed, const MpiEvidence& evidence, const std::vector<std::string>& nodes);

/// Processes below one process, held by descriptor, so that a number used again is never hit.
class ProcessTree {
 public:
  ProcessTree() = default;
  ~ProcessTree();
  ProcessTree(const ProcessTree&) = delete;
  ProcessTree& operator=(const ProcessTree&) = delete;
  /// Adds every process that descends from `root` now.
  void hold(pid_t root);
  /// Kills what is left of them and returns the ids of those that are there at the deadline still.
  std::vector<pid_t> end(Deadline deadline);
  /// How many are held.
  std::size_t size() const { return held_.size(); }

 private:
  struct Held {
    pid_t id;
    int descriptor;
  };
  std::vector<Held> held_;
};

}  // namespace plumbline::agent
