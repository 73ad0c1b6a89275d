#include "netcheck/expectations/group_load.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

namespace plumbline::netcheck {
namespace {

/// Bytes from one rank to another, for each byte of the operation's size.
using Transfer = std::function<void(std::size_t from, std::size_t to, double bytes)>;

void ring(std::size_t ranks, double bytes, const Transfer& transfer) {
  for (std::size_t rank = 0; rank < ranks; ++rank)
    transfer(rank, (rank + 1) % ranks, bytes);
}

void pairwise(std::size_t ranks, const Transfer& transfer) {
  for (std::size_t from = 0; from < ranks; ++from) {
    for (std::size_t to = 0; to < ranks; ++to) {
      if (from != to) transfer(from, to, 1 / static_cast<double>(ranks));
    }
  }
}

void doubling(std::size_t ranks, const Transfer& transfer) {
  for (std::size_t step = 1; step < ranks; step *= 2) {
    for (std::size_t rank = 0; rank < ranks; ++rank) {
      const double bytes = static_cast<double>(step) / static_cast<double>(ranks);
      if ((rank ^ step) < ranks) transfer(rank, rank ^ step, bytes);
    }
  }
}

void rooted(const std::string& operation, std::size_t ranks, const Transfer& transfer) {
  for (std::size_t rank = 1; rank < ranks; ++rank) {
    const double block = 1 / static_cast<double>(ranks);
    if (operation == "broadcast") transfer(rank - 1, rank, 1);
    if (operation == "reduce") transfer(rank, rank - 1, 1);
    if (operation == "gather") transfer(rank, 0, block);
    if (operation == "scatter") transfer(0, rank, block);
  }
}

/// Runs through all transfers and returns bus bandwidth over size by time; zero: no such operation.
double transfers(const std::string& operation, std::size_t ranks, const Transfer& transfer) {
  const double n = static_cast<double>(ranks);
  const double others = (n - 1) / n;
  if (operation == "all_reduce") {
    ring(ranks, 2 * others, transfer);
    return 2 * others;
  }
  if (operation == "all_gather" || operation == "reduce_scatter") {
    ring(ranks, others, transfer);
    return others;
  }
  if (operation == "alltoall") {
    pairwise(ranks, transfer);
    return others;
  }
  if (operation == "hypercube") {
    doubling(ranks, transfer);
    return others;
  }
  if (operation == "sendrecv") {
    ring(ranks, 1, transfer);
    return 1;
  }
  rooted(operation, ranks, transfer);
  if (operation == "broadcast" || operation == "reduce") return 1;
  return operation == "gather" || operation == "scatter" ? others : 0;
}

/// Bytes through each part, outwards and inwards.
class Meter {
 public:
  Meter(const Racks& racks, const std::string& rail, const std::vector<std::string>& nodes)
      : rail_(rail), nodes_(nodes) {
    for (const std::string& node : nodes) {
      const auto rack = racks.of.find(node);
      racks_.push_back(rack == racks.of.end() ? std::string() : rack->second);
    }
  }

  void count(std::size_t from, std::size_t to, double bytes) {
    through_[{ComponentKind::nic, nodes_[from], rail_}].first += bytes;
    through_[{ComponentKind::nic, nodes_[to], rail_}].second += bytes;
    if (racks_[from] == racks_[to]) return;
    through_[{ComponentKind::uplink, racks_[from], rail_}].first += bytes;
    through_[{ComponentKind::uplink, racks_[to], rail_}].second += bytes;
  }

  double share(const Component& part, double factor) const {
    const auto found = through_.find(part);
    if (found == through_.end()) return 0;
    return std::max(found->second.first, found->second.second) / factor;
  }

 private:
  std::string rail_;
  const std::vector<std::string>& nodes_;
  std::vector<std::string> racks_;
  std::map<Component, std::pair<double, double>> through_;
};

}  // namespace

std::vector<PartLoad> loads_of(const std::string& operation, const Racks& racks,
                               const std::string& rail, const std::vector<std::string>& nodes) {
  const auto parts = parts_of_group(racks, rail, nodes);
  if (!parts || nodes.size() < 2) return {};
  Meter meter(racks, rail, nodes);
  const double factor = transfers(
      operation, nodes.size(),
      [&](std::size_t from, std::size_t to, double bytes) { meter.count(from, to, bytes); });
  std::vector<PartLoad> loads;
  if (factor <= 0) return loads;
  for (const Component& part : *parts) {
    if (const double share = meter.share(part, factor); share > 0) loads.push_back({part, share});
  }
  return loads;
}

}  // namespace plumbline::netcheck
