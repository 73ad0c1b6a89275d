#include "probes/pair/batch.hpp"

#include <thread>
#include <utility>

namespace plumbline::probes {

namespace {

constexpr std::chrono::milliseconds kLook{20};
/// Openings that fail while the link stands: what the kernel tells of a link lags behind it.
constexpr int kTries = 3;

bool lost_between(const Link& before, const Link& after) {
  return !after.running || after.carrier_downs != before.carrier_downs;
}

}  // namespace

BatchPlan plan_batch(const Task& task, const Patience& patience, const Number& number, Half half) {
  const auto index = number.index * 2 + static_cast<std::uint64_t>(half.sending_rank);
  Schedule schedule;
  schedule.warm_up = patience.warm_up;
  schedule.timed = span_of(task.request.budget.batch);
  schedule.stall = patience.stall;
  return {schedule, patience.silence,
          Pattern(batch_seed(task.request.seed, index, half.batch), number.size.count)};
}

BatchEnd::BatchEnd(const Task& task, PairWorld& world, const Number& number)
    : task_(task), world_(world), number_(number), rank_(task.rendezvous->rank()) {
  opening_.idle = number.by_library ? world.rdma_idle : world.idle;
  opening_.below = world.idle;
  if (auto opened = open(); !opened) opening_.error = opened.error();
  auto links = world_.read_links();
  if (links) opening_.links = std::move(*links);
  if (!links && !opening_.error) opening_.error = links.error();
  if (number_.by_library) opening_.ports = world_.rdma->count();
}

Opening BatchEnd::opening() const { return opening_; }

Status BatchEnd::open() {
  const std::string& device = task_.request.ends[static_cast<std::size_t>(rank_)].device;
  // An RDMA port may have no network device; what is wrong with it the library says.
  if (number_.by_library) return open_connections(device);
  const auto deadline = Deadline::after(world_.patience.carrier).earlier(task_.deadline);
  for (int failed = 0;;) {
    const auto before = wait_for_carrier(device, deadline);
    if (!before) return tl::unexpected(before.error());
    auto opened = open_connections(device);
    if (opened) return opened;
    // A library that opens a device in the moment when its link goes down says that it is not
    // there.
    const auto after =
        world_.read_links().and_then([&](const auto& links) { return find_link(links, device); });
    const bool lost = after && lost_between(*before, *after);
    if (!lost && ++failed == kTries) return opened;
    if (lost && deadline.passed()) {
      return fail(ErrorCode::no_carrier,
                  device + " lost its carrier while it was opened: " + opened.error().message);
    }
    task_.clock.wait_until(task_.clock.now() + kLook);
  }
}

Status BatchEnd::open_connections(const std::string& device) {
  const bool latency = number_.shape == Shape::latency;
  const auto waiting = latency ? Waiting::spinning : Waiting::sleeping;
  const auto make = [&](std::unique_ptr<Connection>& connection, std::string& address) -> Status {
    auto opened = world_.paths->open(device, waiting);
    if (!opened) return tl::unexpected(opened.error());
    connection = std::move(*opened);
    auto got = connection->address();
    if (!got) return tl::unexpected(got.error());
    address = std::move(*got);
    return {};
  };
  if (sends(number_.shape, rank_) || (latency && rank_ == 0)) {
    if (auto made = make(sender_, opening_.sender); !made) return made;
  }
  if (receives(number_.shape, rank_) || (latency && rank_ == 1)) {
    return make(receiver_, opening_.receiver);
  }
  return {};
}

Result<Link> BatchEnd::wait_for_carrier(const std::string& device, Deadline deadline) {
  while (true) {
    auto links = world_.read_links();
    if (!links) return tl::unexpected(links.error());
    auto link = find_link(*links, device);
    if (!link || link->running) return link;
    if (deadline.passed()) {
      return fail(ErrorCode::no_carrier, device + " is " + link->state + ", without carrier");
    }
    task_.clock.wait_until(task_.clock.now() + kLook);
  }
}

/// By what the other end says of its device; tell() looks at where the connections really went.
Status BatchEnd::check_peer(const Opening& other) const {
  const std::string& device = task_.request.ends[static_cast<std::size_t>(1 - rank_)].device;
  if (world_.allowed.allow({})) return {};
  const auto link = find_link(other.links, device);
  if (!link) return tl::unexpected(link.error());
  for (const auto& address : link->addresses) {
    if (world_.allowed.allow(address)) return {};
  }
  return fail(ErrorCode::permission_denied,
              "no address of " + device + " is in the networks that a peer may be in");
}

Status BatchEnd::connect(const Opening& other) {
  if (auto allowed = check_peer(other); !allowed) return allowed;
  if (sender_) {
    if (auto made = sender_->connect(other.receiver); !made) return made;
  }
  return receiver_ ? receiver_->connect(other.sender) : Status{};
}

Closing BatchEnd::measure(const Opening& other, std::uint64_t batch) {
  Closing closing;
  if (auto connected = connect(other); !connected) {
    closing.error = connected.error();
    closing.silent = true;
  } else if (number_.shape == Shape::latency) {
    run_latency(closing, batch);
  } else {
    run_stream(closing, batch);
  }
  tell(closing);
  return closing;
}

void BatchEnd::run_stream(Closing& closing, std::uint64_t batch) {
  HalfResult sent;
  HalfResult received;
  const auto plan_for = [&](int sending_rank) -> const BatchPlan& {
    plans_.push_back(std::make_unique<BatchPlan>(
        plan_batch(task_, world_.patience, number_, {batch, sending_rank})));
    return *plans_.back();
  };
  const BatchPlan* sending = sender_ ? &plan_for(rank_) : nullptr;
  const BatchPlan* receiving = receiver_ ? &plan_for(1 - rank_) : nullptr;
  std::thread both;
  const auto send = [&] { sent = send_batch(*sender_, task_.clock, *sending, task_.deadline); };
  if (sending != nullptr && receiving != nullptr) {
    both = std::thread(send);
  } else if (sending != nullptr) {
    send();
  }
  if (receiving != nullptr) {
    received = receive_batch(*receiver_, task_.clock, *receiving, task_.deadline);
    closing.batch = received.batch;
    closing.silent = received.silent;
    closing.error = received.error;
  } else {
    closing.error = sent.error;
  }
  if (both.joinable()) both.join();
  closing.sent = sent.total;
  closing.received = received.total;
}

void BatchEnd::run_latency(Closing& closing, std::uint64_t batch) {
  plans_.push_back(
      std::make_unique<BatchPlan>(plan_batch(task_, world_.patience, number_, {batch, 0})));
  const BatchPlan& shared = *plans_.back();
  const HalfResult result = rank_ == 0 ? ping_batch(*sender_, task_.clock, shared, task_.deadline)
                                       : pong_batch(*receiver_, shared, task_.deadline);
  closing.sent = result.total;
  closing.received = result.total;
  closing.silent = result.silent;
  closing.error = result.error;
  if (rank_ == 0) closing.batch = result.batch;
}

void BatchEnd::tell(Closing& closing) {
  closing.tally = world_.paths->tally();
  for (const auto& peer : closing.tally.peers) {
    if (world_.allowed.allow(peer)) continue;
    closing.error =
        Error{ErrorCode::permission_denied,
              "a connection went to " + peer + ", outside the networks that a peer may be in"};
  }
  for (Connection* connection : {sender_.get(), receiver_.get()}) {
    if (connection == nullptr) continue;
    for (auto& transport : connection->transports()) {
      closing.tally.transports.push_back(std::move(transport));
    }
  }
  if (auto links = world_.read_links()) closing.links = std::move(*links);
  if (number_.by_library) closing.ports = world_.rdma->count();
}

}  // namespace plumbline::probes
