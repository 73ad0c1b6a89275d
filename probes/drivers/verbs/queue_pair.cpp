#include "probes/drivers/verbs/queue_pair.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>

namespace plumbline::probes {

namespace {

// Usual figures of RC: 4.096 us x 2^14 = 67 ms for an acknowledgement, seven times; 7 for a
// receiver that is not ready means for ever, and our own clock ends that. A software device
// acknowledges when a CPU comes by, and 64 of its packets may wait in a shaped queue: 268 ms.
constexpr std::uint8_t kTimeout = 14;
constexpr std::uint8_t kSoftwareTimeout = 16;
constexpr std::uint8_t kRetries = 7;
constexpr std::uint8_t kNotReadyRetries = 7;
constexpr std::uint8_t kNotReadyTimer = 12;  // 0.64 ms
constexpr std::uint8_t kHops = 64;
constexpr int kReadsUnderWay = 16;

Status modify(const QueuePair& pair, ibv_qp_attr& attributes, int mask, const char* doing) {
  const int failed = ibv_modify_qp(pair.handle.get(), &attributes, mask);
  if (failed != 0) return verbs_failed(failed, doing);
  return {};
}

std::uint8_t reads_under_way(int most) {
  return static_cast<std::uint8_t>(std::clamp(most, 1, kReadsUnderWay));
}

Status initialise(const VerbsPort& port, const QueuePair& pair) {
  ibv_qp_attr attributes{};
  attributes.qp_state = IBV_QPS_INIT;
  attributes.port_num = static_cast<std::uint8_t>(port.name.port);
  attributes.qp_access_flags =
      IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ;
  return modify(pair, attributes,
                IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS,
                "initialising the queue pair");
}

ibv_mtu smaller_mtu(const VerbsPort& port, const EndWords& other) {
  int mtu = IBV_MTU_256;
  const auto least = std::min<std::uint32_t>(port.mtu(), other.mtu);
  while (mtu < IBV_MTU_4096 && (256U << static_cast<unsigned>(mtu)) <= least)
    ++mtu;
  return static_cast<ibv_mtu>(mtu);
}

Status make_ready_to_receive(const VerbsPort& port, const QueuePair& pair, const EndWords& other,
                             const LaneWords& lane) {
  ibv_qp_attr attributes{};
  attributes.qp_state = IBV_QPS_RTR;
  attributes.path_mtu = smaller_mtu(port, other);
  attributes.dest_qp_num = lane.queue_pair;
  attributes.rq_psn = lane.first;
  attributes.max_dest_rd_atomic = reads_under_way(port.limits.max_qp_rd_atom);
  attributes.min_rnr_timer = kNotReadyTimer;
  attributes.ah_attr.dlid = other.lid;
  attributes.ah_attr.port_num = static_cast<std::uint8_t>(port.name.port);
  const bool global =
      std::any_of(other.gid.begin(), other.gid.end(), [](std::uint8_t byte) { return byte != 0; });
  if (!other.infiniband && !global) {
    return fail(ErrorCode::invalid_input, "the other end's GID is zero");
  }
  if (!other.infiniband) {
    attributes.ah_attr.is_global = 1;
    std::memcpy(attributes.ah_attr.grh.dgid.raw, other.gid.data(), other.gid.size());
    attributes.ah_attr.grh.sgid_index = static_cast<std::uint8_t>(port.gid_index);
    attributes.ah_attr.grh.hop_limit = kHops;
  }
  return modify(pair, attributes,
                IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN |
                    IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER,
                "making the queue pair ready to receive (address resolution included)");
}

Status make_ready_to_send(const VerbsPort& port, const QueuePair& pair) {
  ibv_qp_attr attributes{};
  attributes.qp_state = IBV_QPS_RTS;
  attributes.timeout = port.software ? kSoftwareTimeout : kTimeout;
  attributes.retry_cnt = kRetries;
  attributes.rnr_retry = kNotReadyRetries;
  attributes.sq_psn = pair.words.first;
  attributes.max_rd_atomic = reads_under_way(port.limits.max_qp_init_rd_atom);
  return modify(pair, attributes,
                IBV_QP_STATE | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY |
                    IBV_QP_SQ_PSN | IBV_QP_MAX_QP_RD_ATOMIC,
                "making the queue pair ready to send");
}

}  // namespace

Result<QueuePair> make_queue_pair(const VerbsPort& port, ibv_cq* sends, ibv_cq* receives,
                                  QueueDepth depth) {
  ibv_qp_init_attr wanted{};
  wanted.send_cq = sends;
  wanted.recv_cq = receives;
  wanted.qp_type = IBV_QPT_RC;
  wanted.cap.max_send_wr = depth.send;
  wanted.cap.max_recv_wr = depth.receive;
  wanted.cap.max_send_sge = 1;
  wanted.cap.max_recv_sge = 1;
  QueuePair pair;
  pair.handle.reset(ibv_create_qp(port.domain.get(), &wanted));
  if (!pair.handle) return verbs_failed(errno, "making a queue pair on " + port.words());
  pair.words.queue_pair = pair.handle->qp_num;
  pair.words.first = std::random_device{}() & 0xFFFFFFU;
  if (auto begun = initialise(port, pair); !begun) return tl::unexpected(begun.error());
  return pair;
}

Status connect_queue_pair(const VerbsPort& port, const QueuePair& pair, const EndWords& other,
                          const LaneWords& lane) {
  if (auto ready = make_ready_to_receive(port, pair, other, lane); !ready) return ready;
  return make_ready_to_send(port, pair);
}

Status post(ibv_qp* pair, ibv_send_wr& request, const char* doing) {
  ibv_send_wr* bad = nullptr;
  const int failed = ibv_post_send(pair, &request, &bad);
  if (failed != 0) return verbs_failed(failed, doing);
  return {};
}

Status post(ibv_qp* pair, ibv_recv_wr& request) {
  ibv_recv_wr* bad = nullptr;
  const int failed = ibv_post_recv(pair, &request, &bad);
  if (failed != 0) return verbs_failed(failed, "posting a receive");
  return {};
}

}  // namespace plumbline::probes
