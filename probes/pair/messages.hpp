#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "core/statistics/sampling.hpp"
#include "probes/drivers/host/links.hpp"
#include "probes/drivers/verbs/port_counters.hpp"
#include "probes/pair/halves.hpp"

namespace plumbline::probes {

/// What a device moves without us, bytes a second.
struct Idle {
  double sent = 0;
  double received = 0;
};

/// What each end says before a batch.
struct Opening {
  bool go = true;              ///< rank 0's word: one more batch, or the number is known
  std::optional<Error> error;  ///< why this end cannot take part
  std::string sender;          ///< address of this end's sending connection; empty when it has none
  std::string receiver;        ///< address of its receiving (or answering) connection
  std::vector<Link> links;     ///< this end's counters now
  Idle idle;                   ///< of its device, just before
  std::vector<PortCount> ports;  ///< this end's RDMA counters now; only over RDMA
  Idle below;                    ///< of the network device under its RDMA port; only over RDMA
};

/// What each end says after a batch.
struct Closing {
  std::optional<Batch> batch;  ///< of the receiving half, without latency samples
  std::uint64_t sent = 0;      ///< bytes given to the path
  std::uint64_t received = 0;  ///< bytes verified
  bool silent = false;
  std::optional<Error> error;
  Tally tally;
  std::vector<Link> links;
  std::vector<PortCount> ports;  ///< only over RDMA
};

/// As bytes for the rendezvous (MessagePack) and back; what is too large or not of the form is an
/// error.
std::string pack(const Opening& opening);
std::string pack(const Closing& closing);
Result<Opening> unpack_opening(const std::string& bytes);
Result<Closing> unpack_closing(const std::string& bytes);

}  // namespace plumbline::probes
