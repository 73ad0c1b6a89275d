#include "probes/drivers/verbs/end_words.hpp"

#include <algorithm>

namespace plumbline::probes {

namespace {

constexpr std::uint32_t kVersion = 0x31524C50;  // "PLR1"
constexpr std::uint32_t k24Bits = 0xFFFFFF;
constexpr std::uint64_t kMostMemory = 1ULL << 40U;

class Writer {
 public:
  void number(std::uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i)
      text_.push_back(static_cast<char>(static_cast<unsigned char>(value >> (8 * i))));
  }
  void lane(const LaneWords& lane) {
    number(lane.queue_pair, 4);
    number(lane.first, 4);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

/// Reads on with zeros behind the end; whole() tells.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  std::uint64_t number(unsigned bytes) {
    if (rest_.size() < bytes) {
      short_ = true;
      rest_ = {};
      return 0;
    }
    std::uint64_t value = 0;
    for (unsigned i = 0; i < bytes; ++i)
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(rest_[i])) << (8 * i);
    rest_.remove_prefix(bytes);
    return value;
  }
  LaneWords lane() {
    LaneWords lane;
    lane.queue_pair = static_cast<std::uint32_t>(number(4));
    lane.first = static_cast<std::uint32_t>(number(4));
    return lane;
  }
  bool whole() const { return !short_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool short_ = false;
};

bool possible(const LaneWords& lane) { return lane.queue_pair <= k24Bits && lane.first <= k24Bits; }

bool possible_mtu(std::uint32_t mtu) {
  return mtu == 256 || mtu == 512 || mtu == 1024 || mtu == 2048 || mtu == 4096;
}

Status check(const EndWords& words) {
  const auto refuse = [](const std::string& what) -> Status {
    return fail(ErrorCode::invalid_input, "the other end's words for its queue pairs: " + what);
  };
  if (!possible_mtu(words.mtu)) return refuse("an MTU of " + std::to_string(words.mtu));
  if (words.operation > 2) return refuse("an unknown operation");
  if (!possible(words.control)) return refuse("a queue pair number of more than 24 bits");
  if (!std::all_of(words.lanes.begin(), words.lanes.end(), possible)) {
    return refuse("a queue pair number of more than 24 bits");
  }
  if (words.size == 0 || words.length > kMostMemory ||
      words.address + words.length < words.address) {
    return refuse("impossible memory");
  }
  return {};
}

}  // namespace

std::string pack(const EndWords& words) {
  Writer out;
  out.number(kVersion, 4);
  for (const auto byte : words.gid)
    out.number(byte, 1);
  out.number(words.lid, 2);
  out.number(words.mtu, 2);
  out.number(words.infiniband ? 1 : 0, 1);
  out.number(words.operation, 1);
  out.number(words.size, 8);
  out.number(words.address, 8);
  out.number(words.length, 8);
  out.number(words.key, 4);
  out.lane(words.control);
  out.number(words.lanes.size(), 2);
  for (const LaneWords& lane : words.lanes)
    out.lane(lane);
  return out.take();
}

Result<EndWords> unpack_end(std::string_view bytes) {
  Reader in(bytes);
  if (in.number(4) != kVersion) {
    return fail(ErrorCode::invalid_input,
                "the other end's words for its queue pairs are of another version");
  }
  EndWords words;
  for (auto& byte : words.gid)
    byte = static_cast<std::uint8_t>(in.number(1));
  words.lid = static_cast<std::uint16_t>(in.number(2));
  words.mtu = static_cast<std::uint16_t>(in.number(2));
  words.infiniband = in.number(1) != 0;
  words.operation = static_cast<std::uint8_t>(in.number(1));
  words.size = in.number(8);
  words.address = in.number(8);
  words.length = in.number(8);
  words.key = static_cast<std::uint32_t>(in.number(4));
  words.control = in.lane();
  const auto lanes = in.number(2);
  if (lanes == 0 || lanes > kMostLanes) {
    return fail(ErrorCode::invalid_input, "the other end has " + std::to_string(lanes) +
                                              " queue pairs; from 1 to 64 are possible");
  }
  for (std::uint64_t i = 0; i < lanes; ++i)
    words.lanes.push_back(in.lane());
  if (!in.whole()) {
    return fail(ErrorCode::invalid_input,
                "the other end's words for its queue pairs have a wrong length");
  }
  if (auto good = check(words); !good) return tl::unexpected(good.error());
  return words;
}

}  // namespace plumbline::probes
