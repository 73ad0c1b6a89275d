#include "collectives/communicator.hpp"

#include "core/contract.hpp"

namespace plumbline::collectives {

GroupPlace place_in(const std::vector<int>& colours, int rank, int ranks) {
  if (colours.empty()) return {rank, ranks, 0};
  require(colours.size() == static_cast<std::size_t>(ranks), "every rank has a colour");
  GroupPlace place{0, 0, colours[static_cast<std::size_t>(rank)]};
  for (int other = 0; other < ranks; ++other) {
    if (colours[static_cast<std::size_t>(other)] != place.colour) continue;
    if (other < rank) ++place.rank;
    ++place.size;
  }
  return place;
}

}  // namespace plumbline::collectives
