#pragma once

#include <functional>
#include <string>

#include "agent/wire/messages.hpp"
#include "core/result.hpp"

namespace plumbline::agent {

/// Limits of what a coordinator may ask. Everything that it can make large has one.
namespace bounds {
inline constexpr std::uint64_t kSizeMost = 1ULL << 30U;      ///< bytes of one message size
inline constexpr std::uint64_t kPayloadMost = 64ULL << 30U;  ///< bytes of one number
inline constexpr std::size_t kCountMost = 64;                ///< ends of a pair, sizes
inline constexpr std::size_t kRanksMost = 1024;              ///< ends of a collective
inline constexpr double kLimitMost = 300;                    ///< seconds of one measurement
inline constexpr std::size_t kGatheredMost = 64U << 10U;     ///< bytes of one end's post
inline constexpr std::size_t kMessageMost = 8U << 20U;       ///< bytes of one call
}  // namespace bounds

/// What a request is checked against.
struct NodeWords {
  std::string node;                                      ///< this node's name
  std::function<bool(const std::string&)> is_interface;  ///< a netdev of this node
  std::function<bool(const std::string&)> is_allowed;    ///< on a network that may be measured
  bool placed = false;  ///< in a pod that the scheduler placed, without rights
};

/// True for the operations that plumbline-rank measures.
bool is_collective(const std::string& probe);

/// True for a probe that loads GPUs ("gpu_copy").
bool is_gpu_probe(const std::string& probe);

/// Success when the order is one that this agent carries out: a named probe, every number within
/// its bound, this end on this node and, for a pair, on a network device of this node. The error
/// says which field is wrong and what is allowed.
Status check_order(const MeasureOrder& order, const NodeWords& words);

/// The same for gathered bytes.
Status check_exchange(const ExchangeOrder& order);

/// True for a network interface that this process sees in its network namespace now.
bool is_interface(const std::string& name);

}  // namespace plumbline::agent
