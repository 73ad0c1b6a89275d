#include "probes/pair/meeting.hpp"

#include <utility>

namespace plumbline::probes {

namespace {

template <typename T>
OrTrouble<std::array<T, 2>> unpack_both(const std::vector<std::string>& bytes,
                                        Result<T> (*unpack)(const std::string&),
                                        const Meeting& meeting) {
  std::array<T, 2> both;
  for (std::size_t rank = 0; rank < both.size(); ++rank) {
    auto one = unpack(bytes[rank]);
    if (!one) return tl::unexpected(Trouble{one.error(), meeting.node_of(static_cast<int>(rank))});
    both[rank] = std::move(*one);
  }
  return both;
}

}  // namespace

std::string Meeting::name_of(int rank) const {
  const Endpoint& end = request_.ends[static_cast<std::size_t>(rank)];
  return (end.node.empty() ? "rank " + std::to_string(rank) : end.node) + "/" + end.device;
}

const std::string& Meeting::node_of(int rank) const {
  return request_.ends[static_cast<std::size_t>(rank)].node;
}

OrTrouble<std::vector<std::string>> Meeting::gather(std::string mine, Deadline deadline) {
  auto all = rendezvous_.allgather(std::move(mine), deadline);
  if (all && all->size() == 2) return std::move(*all);
  Error error = all ? Error{ErrorCode::internal, "two ends were asked for"} : all.error();
  error.message = "waiting for " + name_of(1 - rank()) + ": " + error.message;
  return tl::unexpected(Trouble{std::move(error), node_of(1 - rank())});
}

OrTrouble<std::array<Opening, 2>> Meeting::exchange(const Opening& mine, Deadline deadline) {
  auto bytes = gather(pack(mine), deadline);
  if (!bytes) return tl::unexpected(bytes.error());
  return unpack_both(*bytes, &unpack_opening, *this);
}

OrTrouble<std::array<Closing, 2>> Meeting::exchange(const Closing& mine, Deadline deadline) {
  auto bytes = gather(pack(mine), deadline);
  if (!bytes) return tl::unexpected(bytes.error());
  return unpack_both(*bytes, &unpack_closing, *this);
}

}  // namespace plumbline::probes
