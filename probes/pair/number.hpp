#pragma once

#include <array>
#include <string>
#include <vector>

#include "probes/pair/batch.hpp"
#include "probes/pair/meeting.hpp"

namespace plumbline::probes {

/// What both ends have seen of one number when it is over; whole at rank 0.
struct Record {
  std::vector<Batch> batches;
  std::array<std::vector<Link>, 2> before;  ///< both ends' counters, by rank
  std::array<std::vector<Link>, 2> after;
  std::array<std::vector<PortCount>, 2> ports_before;  ///< RDMA counters, by rank
  std::array<std::vector<PortCount>, 2> ports_after;
  std::array<Idle, 2> idle;                 ///< the least of all batches' looks
  std::array<Idle, 2> idle_below;           ///< of the network devices under RDMA ports
  std::array<Tally, 2> tally;               ///< added up over the batches
  std::array<std::uint64_t, 2> received{};  ///< verified bytes by receiving rank, warm-up included
  std::string doubt;                        ///< why it ended early; empty when it did not
};

/// Measures one number together with the other end, batch by batch over fresh connections, until
/// rank 0 says that it is known. Both ranks call it at the same time and come to the same kind of
/// end.
OrTrouble<Record> measure_number(const Task& task, PairWorld& world, const Number& number);

}  // namespace plumbline::probes
