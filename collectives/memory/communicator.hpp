#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "collectives/communicator.hpp"
#include "collectives/pulse.hpp"
#include "core/units.hpp"

namespace plumbline::collectives {

/// A made-up set of ends: real data through real memory, times as a ring over links of these rates
/// has them.
struct MemoryWorld {
  int ranks = 2;
  BytesPerSecond link{1e9};  ///< every rank's link
  /// A rank whose link is slower than the others'.
  std::optional<int> slow_rank = {};
  BytesPerSecond slow_link{1e8};
  /// A rank that comes to every run so much later than the others.
  std::optional<int> late_rank = {};
  Seconds lateness{1e-3};
  /// A rank whose result has one wrong element after every run.
  std::optional<int> corrupting_rank = {};
  std::size_t corrupt_element = 0;
  /// A rank that never comes to a run: the others wait for it until their deadline.
  std::optional<int> silent_rank = {};
  /// By rank, borrowed: counts and hooks; empty: nobody counts.
  std::vector<Pulse*> pulses = {};
};

/// The ends of such a world; element i belongs to rank i's thread. For tests and rehearsals.
std::vector<std::unique_ptr<Communicator>> in_memory_communicators(const MemoryWorld& world);

}  // namespace plumbline::collectives
