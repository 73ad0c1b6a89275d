#pragma once

#include "probes/drivers/verbs/end_words.hpp"
#include "probes/drivers/verbs/verbs_port.hpp"

namespace plumbline::probes {

/// How many work requests a queue pair holds.
struct QueueDepth {
  std::uint32_t send = 1;
  std::uint32_t receive = 1;
};

/// A fresh RC queue pair with a random first packet number.
struct QueuePair {
  Handle<ibv_qp> handle;
  LaneWords words;
};
Result<QueuePair> make_queue_pair(const VerbsPort& port, ibv_cq* sends, ibv_cq* receives,
                                  QueueDepth depth);

/// Takes it to "ready to send", connected to `lane` of the other end.
Status connect_queue_pair(const VerbsPort& port, const QueuePair& pair, const EndWords& other,
                          const LaneWords& lane);

/// Posts one send-side request, or one receive; `doing` for the error.
Status post(ibv_qp* pair, ibv_send_wr& request, const char* doing);
Status post(ibv_qp* pair, ibv_recv_wr& request);

}  // namespace plumbline::probes
