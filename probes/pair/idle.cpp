#include "probes/pair/idle.hpp"

#include <algorithm>

#include "probes/pair/rdma_proof.hpp"

namespace plumbline::probes {
namespace {

/// Long enough for a few packets of others, short against a batch.
constexpr std::chrono::milliseconds kIdleLook{60};

Idle between(const Result<Link>& before, const Result<Link>& after, Seconds span) {
  if (!before || !after) return {};
  const auto per_second = [&](std::uint64_t from, std::uint64_t to) {
    return rate(Bytes{to > from ? to - from : 0}, span).value;
  };
  return {per_second(before->sent_bytes, after->sent_bytes),
          per_second(before->received_bytes, after->received_bytes)};
}

}  // namespace

void look_at_idle(const Task& task, PairWorld& world) {
  const std::string& device =
      task.request.ends[static_cast<std::size_t>(task.rendezvous->rank())].device;
  const auto read_link = [&] {
    return world.read_links().and_then([&](const auto& links) { return find_link(links, device); });
  };
  const auto read_ports = [&] {
    return world.rdma == nullptr ? std::vector<PortCount>() : world.rdma->count();
  };
  const Moment start = task.clock.now();
  const auto link = read_link();
  const auto ports = read_ports();
  task.clock.wait_until(start + kIdleLook);
  const Seconds span = in_seconds(task.clock.now() - start);
  world.idle = between(link, read_link(), span);
  const auto later = read_ports();
  world.rdma_idle = idle_between(find_port(ports, device), find_port(later, device), span);
}

bool moves(const Idle& idle) { return idle.sent > 0 || idle.received > 0; }

void keep_least(Idle& kept, const Idle& look) {
  kept.sent = std::min(kept.sent, look.sent);
  kept.received = std::min(kept.received, look.received);
}

}  // namespace plumbline::probes
