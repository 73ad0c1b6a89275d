#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace plumbline::probes {

/// What a destination is filled with before bytes arrive in it.
inline constexpr std::byte kPoison{0xA5};

/// The payload of a batch as an endless stream of messages of one size. Every 64-bit word of a
/// message is different from every other word of it, and neighbouring messages differ in every
/// word, so a stale, lost, doubled or shifted message cannot pass for the right one.
class Pattern {
 public:
  /// The same seed and size give the same bytes at both ends; another batch has another seed.
  Pattern(std::uint64_t seed, std::size_t message_size);
  /// Message number `sequence`, whole. Valid while the pattern lives.
  std::span<const std::byte> message(std::uint64_t sequence) const;
  /// How many leading bytes of `arrived` equal the stream's bytes from `position` on; all of them
  /// when nothing is wrong.
  std::size_t equal_prefix(std::uint64_t position, std::span<const std::byte> arrived) const;
  /// Bytes of one message.
  std::size_t message_size() const { return size_; }

 private:
  std::size_t size_;
  std::vector<std::uint64_t> words_;
};

/// A well mixed 64-bit word; a bijection of `state`.
std::uint64_t mix(std::uint64_t state);

/// The seed of one batch, from the request's seed and what tells the batch from all others.
std::uint64_t batch_seed(std::uint64_t seed, std::uint64_t number, std::uint64_t batch);

}  // namespace plumbline::probes
