#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "collectives/communicator.hpp"
#include "core/rendezvous.hpp"

namespace plumbline::collectives {

/// The part of a communicator that is the same wherever the ranks meet over a rendezvous: who they
/// are, their groups, and what they share. Borrows the meeting.
class MeetingCommunicator : public Communicator {
 public:
  int rank() const override { return meeting_.rank(); }
  int size() const override { return meeting_.size(); }
  Status split(const std::vector<int>& colours) override;
  Result<std::vector<std::string>> share(std::string bytes, Deadline deadline) override;

 protected:
  explicit MeetingCommunicator(Rendezvous& meeting);
  /// This rank's place in its group.
  const GroupPlace& place() const { return place_; }
  /// The number among all ranks of rank number `member` of this rank's group; all are there.
  std::size_t world_rank(int member) const;
  /// Another seed for every group, so that one's data is wrong in another.
  std::uint64_t seed_of_group(std::uint64_t seed) const;

 private:
  Rendezvous& meeting_;
  GroupPlace place_;
  std::vector<int> colours_;
};

}  // namespace plumbline::collectives
