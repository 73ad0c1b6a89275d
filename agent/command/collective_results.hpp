#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "agent/collective/collective_line.hpp"
#include "agent/command/command.hpp"
#include "core/model/measurement.hpp"

namespace plumbline::agent {

/// The results of one sweep while they come in: prints nccl-tests' table row by row, and keeps
/// everything for the JSON. Thread-safe.
class CollectiveResults {
 public:
  CollectiveResults(const CollectiveLine& line, const Request& request, bool table,
                    const Streams& streams);
  /// Prints what stands above the table.
  void begin();
  /// Takes one outcome; prints its row once both of its halves are there.
  void take(const Outcome& outcome);
  /// Takes what is left of a cycle: an outcome for every identity.
  void end_cycle(const std::vector<Outcome>& outcomes);
  /// Prints what stands below the table, with a line for each outcome that is in no row.
  void end();

  /// {"schema": "plumbline.collective/v1", ...} and a newline: all outcomes with every sample.
  std::string json() const;
  /// 0: everything was measured and right, and known to the asked width where no counts were given;
  /// 1: data was wrong; 2: something was skipped or failed, or is not known well enough.
  int exit_code() const;

 private:
  void show_row(const Outcome& first, const Outcome& second);
  double mean_bus() const;
  std::uint64_t wrong() const;

  const CollectiveLine& line_;
  const Request& request_;
  bool table_;
  const Streams& streams_;
  mutable std::mutex mutex_;
  std::vector<Outcome> outcomes_;
  std::map<std::string, Outcome> open_;  ///< first halves by what both share
  std::map<std::string, bool> taken_;    ///< keys of this cycle
};

}  // namespace plumbline::agent
