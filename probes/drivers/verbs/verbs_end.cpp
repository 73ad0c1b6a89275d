#include "probes/drivers/verbs/verbs_end.hpp"

#include <algorithm>
#include <cstring>

namespace plumbline::probes {

namespace {

/// How much the destination holds. Large enough that the one round trip at the end of a round is
/// little of it: 64 MiB at 50 GB/s are 1.3 ms. Software devices pin and copy slowly.
constexpr std::uint64_t kDestination = 64U << 20U;
constexpr std::uint64_t kSmallDestination = 8U << 20U;
constexpr std::uint64_t kMostSlots = 4096;
constexpr std::size_t kLine = 64;
/// Pattern::message() begins one word later each, 4096 times (probes/pattern.cpp).
constexpr std::uint64_t kShifts = 4096;

std::uint64_t slots_for(const VerbsPort& port, const RdmaWork& work, std::size_t stride) {
  const std::uint64_t room = port.software ? kSmallDestination : kDestination;
  const auto most = std::min<std::uint64_t>(
      kMostSlots, static_cast<std::uint64_t>(std::max(2, port.limits.max_qp_wr / 2)));
  const auto lanes = std::uint64_t{work.queue_pairs};
  const auto slots = std::clamp<std::uint64_t>(room / stride, 2, most);
  return std::max<std::uint64_t>(1, slots / lanes) * lanes + (lanes == 1 && slots == 1 ? 1 : 0);
}

Status make_queues(VerbsEnd& end) {
  const VerbsPort& port = *end.port;
  const auto entries = static_cast<int>(end.slots) + 16;
  auto sends = Completions::make(port.context.get(), entries);
  if (!sends) return tl::unexpected(sends.error());
  end.sends = std::move(*sends);
  auto receives = Completions::make(port.context.get(), entries);
  if (!receives) return tl::unexpected(receives.error());
  end.receives = std::move(*receives);
  const auto each = static_cast<std::uint32_t>(end.slots / end.work.queue_pairs + 1);
  const QueueDepth depth{std::min<std::uint32_t>(each, end.work.depth + 1),
                         end.work.operation == Operation::send ? each : 1};
  for (unsigned i = 0; i < end.work.queue_pairs; ++i) {
    auto pair = make_queue_pair(port, end.sends.get(), end.receives.get(), depth);
    if (!pair) return tl::unexpected(pair.error());
    end.lanes.push_back(std::move(*pair));
  }
  auto control = ControlLane::make(port);
  if (!control) return tl::unexpected(control.error());
  end.control = std::move(*control);
  return {};
}

bool is_four(const std::uint8_t* gid) { return gid[10] == 0xFF && gid[11] == 0xFF && gid[0] == 0; }

/// A GID of IPv4 and one of IPv6 cannot talk; the end whose address is missing knows it best.
Status check_gids(const VerbsPort& port, const EndWords& peer) {
  const bool mine = is_four(static_cast<const std::uint8_t*>(port.gid.raw));
  const bool other = is_four(peer.gid.data());
  if (peer.infiniband || mine == other) return {};
  if (other) {
    return fail(ErrorCode::not_found, "port " + port.words() + " has no GID of an IPv4 address, " +
                                          "which the other end's is: its network device has lost "
                                          "its address");
  }
  return fail(ErrorCode::unavailable, "the other end's GID is not one of an IPv4 address");
}

std::string wrong_byte(std::uint64_t message, std::size_t byte) {
  return "byte " + std::to_string(byte) + " of message " + std::to_string(message) +
         " is not the byte that was sent";
}

}  // namespace

std::size_t source_bytes(std::size_t message_size) {
  return message_size + (kShifts - 1) * sizeof(std::uint64_t);
}

std::size_t source_offset(std::uint64_t sequence) {
  return static_cast<std::size_t>(sequence % kShifts) * sizeof(std::uint64_t);
}

Result<VerbsEnd> VerbsEnd::make(std::shared_ptr<VerbsPort> port, const RdmaWork& work,
                                std::shared_ptr<GpuMemories> gpus) {
  VerbsEnd end;
  end.gpus = std::move(gpus);
  end.port = std::move(port);
  end.work = work;
  end.stride = (static_cast<std::size_t>(work.size.count) + kLine - 1) / kLine * kLine;
  end.slots = slots_for(*end.port, work, end.stride);
  ibv_pd* const domain = end.port->domain.get();
  const auto size = static_cast<std::size_t>(work.size.count);
  const MemoryPlace place{work.numa, work.gpu.empty() ? nullptr : end.gpus.get(), work.gpu};
  auto source = RegisteredMemory::make(domain, source_bytes(size), place);
  if (!source) return tl::unexpected(source.error());
  end.source = std::move(*source);
  auto destination =
      RegisteredMemory::make(domain, static_cast<std::size_t>(end.slots) * end.stride, place);
  if (!destination) return tl::unexpected(destination.error());
  end.destination = std::move(*destination);
  std::ranges::fill(end.destination.bytes(), kPoison);
  if (auto given = end.destination.give(); !given) return tl::unexpected(given.error());
  if (auto made = make_queues(end); !made) return tl::unexpected(made.error());
  return end;
}

EndWords VerbsEnd::words() const {
  EndWords words;
  words.infiniband = port->attributes.link_layer == IBV_LINK_LAYER_INFINIBAND;
  std::memcpy(words.gid.data(), port->gid.raw, words.gid.size());
  words.lid = port->attributes.lid;
  words.mtu = static_cast<std::uint16_t>(port->mtu());
  words.operation = static_cast<std::uint8_t>(work.operation);
  words.size = work.size.count;
  words.control = control.words();
  for (const QueuePair& lane : lanes)
    words.lanes.push_back(lane.words);
  const RegisteredMemory& open = work.operation == Operation::read ? source : destination;
  words.address = open.address();
  words.length = open.bytes().size();
  words.key = open.remote_key();
  return words;
}

Status VerbsEnd::connect(const EndWords& peer) {
  const bool alike = peer.operation == static_cast<std::uint8_t>(work.operation) &&
                     peer.size == work.size.count && peer.lanes.size() == lanes.size();
  const std::uint64_t needed = work.operation == Operation::read
                                   ? source_bytes(static_cast<std::size_t>(work.size.count))
                                   : slots * stride;
  if (!alike || (work.operation != Operation::send && peer.length < needed)) {
    return fail(ErrorCode::invalid_input, "the other end has prepared another measurement");
  }
  if (peer.infiniband != (port->attributes.link_layer == IBV_LINK_LAYER_INFINIBAND)) {
    return fail(ErrorCode::invalid_input, "one end is on InfiniBand, the other on Ethernet");
  }
  if (auto alike_gids = check_gids(*port, peer); !alike_gids) return alike_gids;
  other = peer;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    if (auto made = connect_queue_pair(*port, lanes[i], peer, peer.lanes[i]); !made) return made;
  }
  return control.connect(*port, peer);
}

std::span<std::byte> VerbsEnd::slot(std::uint64_t sequence) const {
  return destination.bytes().subspan(static_cast<std::size_t>(sequence % slots) * stride,
                                     static_cast<std::size_t>(work.size.count));
}

Status VerbsEnd::fill(const Pattern& pattern) {
  std::memcpy(source.bytes().data(), pattern.message(0).data(), pattern.message_size());
  // The last word of each later message is the one that the messages before it do not hold.
  for (std::uint64_t i = 1; i < kShifts; ++i) {
    const auto message = pattern.message(i);
    std::byte* const at = source.bytes().data() + source_offset(i);
    const std::size_t fresh = std::min<std::size_t>(sizeof(std::uint64_t), message.size());
    std::memcpy(at + message.size() - fresh, message.data() + message.size() - fresh, fresh);
  }
  return source.give();
}

Status VerbsEnd::verify(const Pattern& pattern, std::uint64_t first, std::uint64_t count) {
  if (auto taken = destination.take(); !taken) return taken;
  for (std::uint64_t message = first; message < first + count; ++message) {
    const auto arrived = slot(message);
    const std::size_t right = pattern.equal_prefix(message * work.size.count, arrived);
    if (right != arrived.size()) {
      return fail(ErrorCode::data_corrupt, wrong_byte(message, right));
    }
    std::ranges::fill(arrived, kPoison);
  }
  if (count == 0 || count >= slots) return destination.give();
  const auto behind = slot(first + count);
  const auto touched = std::ranges::find_if(behind, [](std::byte byte) { return byte != kPoison; });
  if (touched == behind.end()) return destination.give();
  return fail(ErrorCode::data_corrupt,
              "memory behind message " + std::to_string(first + count - 1) + " was written to");
}

}  // namespace plumbline::probes
