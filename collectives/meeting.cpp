#include "collectives/meeting.hpp"

#include <utility>

namespace plumbline::collectives {

MeetingCommunicator::MeetingCommunicator(Rendezvous& meeting)
    : meeting_(meeting), place_(place_in({}, meeting.rank(), meeting.size())) {}

Status MeetingCommunicator::split(const std::vector<int>& colours) {
  colours_ = colours;
  place_ = place_in(colours, rank(), size());
  return {};
}

Result<std::vector<std::string>> MeetingCommunicator::share(std::string bytes, Deadline deadline) {
  return meeting_.allgather(std::move(bytes), deadline);
}

std::size_t MeetingCommunicator::world_rank(int member) const {
  for (int other = 0; other < size(); ++other) {
    const GroupPlace place = place_in(colours_, other, size());
    if (place.colour == place_.colour && place.rank == member)
      return static_cast<std::size_t>(other);
  }
  return 0;
}

std::uint64_t MeetingCommunicator::seed_of_group(std::uint64_t seed) const {
  return seed + static_cast<std::uint64_t>(place_.colour);
}

}  // namespace plumbline::collectives
