#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace plumbline::probes {

/// One queue pair as the other end must know it.
struct LaneWords {
  std::uint32_t queue_pair = 0;  ///< 24 bits
  std::uint32_t first = 0;       ///< its first packet sequence number, 24 bits
};

/// What one end of a batch tells the other, over the rendezvous only.
struct EndWords {
  std::array<std::uint8_t, 16> gid{};  ///< all zero on an InfiniBand without routing
  std::uint16_t lid = 0;
  std::uint16_t mtu = 0;         ///< bytes: 256, 512, 1024, 2048 or 4096
  bool infiniband = false;       ///< link layer
  std::uint8_t operation = 0;    ///< both ends must mean the same
  std::uint64_t size = 0;        ///< of a message
  LaneWords control;             ///< where the ends talk during a batch
  std::vector<LaneWords> lanes;  ///< 1 to 64
  std::uint64_t address = 0;     ///< of the memory that the other end reads or writes
  std::uint64_t length = 0;      ///< of it
  std::uint32_t key = 0;         ///< to it
};

inline constexpr std::size_t kMostLanes = 64;

/// As bytes (little endian, a version in front) and back. What is too short, too long, of another
/// version, or names something that no end has (an MTU of 7, 0 or 65 lanes, memory that wraps) is
/// an error.
std::string pack(const EndWords& words);
Result<EndWords> unpack_end(std::string_view bytes);

}  // namespace plumbline::probes
