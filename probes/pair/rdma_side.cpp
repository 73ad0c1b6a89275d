#include "probes/pair/rdma_side.hpp"

#include <thread>
#include <utility>

namespace plumbline::probes {

namespace {

constexpr std::chrono::milliseconds kLook{50};

}  // namespace

RdmaSide::RdmaSide(const Task& task, PairWorld& world, const Number& number)
    : task_(task), world_(world), number_(number), rank_(task.rendezvous->rank()) {
  opening_.idle = world.rdma_idle;
  opening_.below = world.idle;
  if (auto opened = open(); !opened) opening_.error = opened.error();
  // A port without a network device (InfiniBand) has none to tell of.
  if (auto links = world_.read_links()) opening_.links = std::move(*links);
  opening_.ports = world_.rdma->count();
}

Status RdmaSide::open() {
  const std::string& device = task_.request.ends[static_cast<std::size_t>(rank_)].device;
  const bool latency = number_.shape == Shape::latency;
  const auto make = [&](std::unique_ptr<RdmaHalf>& half, std::string& address) -> Status {
    const auto deadline = Deadline::after(world_.patience.carrier).earlier(task_.deadline);
    while (true) {
      auto opened = world_.rdma->open(device, number_.rdma);
      if (opened) {
        half = std::move(*opened);
        address = half->address();
        return {};
      }
      // A port that has just lost its link may come back.
      const auto code = opened.error().code;
      const bool hopeless = code != ErrorCode::unavailable && code != ErrorCode::no_carrier;
      if (hopeless || deadline.passed()) return tl::unexpected(opened.error());
      task_.clock.wait_until(task_.clock.now() + kLook);
    }
  };
  if (sends(number_.shape, rank_) || (latency && rank_ == 0)) {
    if (auto made = make(sender_, opening_.sender); !made) return made;
  }
  if (receives(number_.shape, rank_) || (latency && rank_ == 1)) {
    return make(receiver_, opening_.receiver);
  }
  return {};
}

/// By the address in the other end's GID; an InfiniBand port has none, its partition bounds it.
Status RdmaSide::check_peer(const std::string& peer) const {
  auto address = world_.rdma->peer_address(peer);
  if (!address) return tl::unexpected(address.error());
  if (address->empty() || world_.allowed.allow(*address)) return {};
  return fail(ErrorCode::permission_denied, "the other end's GID stands for " + *address +
                                                ", outside the networks that a peer may be in");
}

Status RdmaSide::connect(const Opening& other) {
  for (const auto& [half, peer] :
       {std::pair{sender_.get(), other.receiver}, std::pair{receiver_.get(), other.sender}}) {
    if (half == nullptr) continue;
    if (auto allowed = check_peer(peer); !allowed) return allowed;
  }
  if (sender_) {
    if (auto made = sender_->connect(other.receiver); !made) return made;
  }
  return receiver_ ? receiver_->connect(other.sender) : Status{};
}

Closing RdmaSide::measure(const Opening& other, std::uint64_t batch) {
  Closing closing;
  if (auto connected = connect(other); !connected) {
    closing.error = connected.error();
    closing.silent = true;
  } else if (number_.shape == Shape::latency) {
    run_latency(closing, batch);
  } else {
    run_stream(closing, batch);
  }
  for (const RdmaHalf* half : {sender_.get(), receiver_.get()}) {
    if (half != nullptr) closing.tally.transports.push_back(half->transport());
  }
  if (auto links = world_.read_links()) closing.links = std::move(*links);
  closing.ports = world_.rdma->count();
  return closing;
}

void RdmaSide::run_stream(Closing& closing, std::uint64_t batch) {
  const bool reads = number_.rdma.operation == Operation::read;
  HalfResult sent;
  HalfResult received;
  const BatchPlan sending = plan_batch(task_, world_.patience, number_, {batch, rank_});
  const BatchPlan receiving = plan_batch(task_, world_.patience, number_, {batch, 1 - rank_});
  const auto send = [&] {
    sent = reads ? sender_->serve(sending, task_.deadline)
                 : sender_->request(sending, task_.clock, task_.deadline);
  };
  std::thread both;
  if (sender_ && receiver_) {
    both = std::thread(send);
  } else if (sender_) {
    send();
  }
  if (receiver_) {
    received = reads ? receiver_->request(receiving, task_.clock, task_.deadline)
                     : receiver_->serve(receiving, task_.deadline);
  }
  if (both.joinable()) both.join();
  // The requesting half holds the clock.
  if (reads ? receiver_ != nullptr : sender_ != nullptr) {
    closing.batch = reads ? received.batch : sent.batch;
  }
  closing.received = received.total;
  closing.sent = sent.total;
  closing.silent = (sender_ && sent.silent) || (receiver_ && received.silent);
  closing.error = received.error ? received.error : sent.error;
}

void RdmaSide::run_latency(Closing& closing, std::uint64_t batch) {
  const BatchPlan shared = plan_batch(task_, world_.patience, number_, {batch, 0});
  const HalfResult result = rank_ == 0 ? sender_->ping(shared, task_.clock, task_.deadline)
                                       : receiver_->pong(shared, task_.deadline);
  closing.sent = result.total;
  closing.received = result.total;
  closing.silent = result.silent;
  closing.error = result.error;
  if (rank_ == 0) closing.batch = result.batch;
}

}  // namespace plumbline::probes
