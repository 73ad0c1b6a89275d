#pragma once

#include <array>
#include <string>

#include "core/model/measurement.hpp"
#include "core/protocol/request.hpp"
#include "core/rendezvous.hpp"
#include "probes/pair/messages.hpp"

namespace plumbline::probes {

/// Why there is no number, and whose end is known to be at fault.
struct Trouble {
  Error error;
  std::string blamed;
};

/// A value or a Trouble.
template <typename T>
using OrTrouble = tl::expected<T, Trouble>;

/// Where the two ends of a pair tell each other what they need and what they saw.
class Meeting {
 public:
  Meeting(const Request& request, Rendezvous& rendezvous)
      : request_(request), rendezvous_(rendezvous) {}
  /// Gives this end's words and takes both ends', by rank. The other end is blamed when it does not
  /// come in time.
  OrTrouble<std::array<Opening, 2>> exchange(const Opening& mine, Deadline deadline);
  OrTrouble<std::array<Closing, 2>> exchange(const Closing& mine, Deadline deadline);
  /// This end's rank, 0 or 1.
  int rank() const { return rendezvous_.rank(); }
  /// "node-3/ens1".
  std::string name_of(int rank) const;
  /// The node of a rank.
  const std::string& node_of(int rank) const;

 private:
  OrTrouble<std::vector<std::string>> gather(std::string mine, Deadline deadline);
  const Request& request_;
  Rendezvous& rendezvous_;
};

}  // namespace plumbline::probes
