#pragma once

#include <optional>
#include <span>

#include "probes/drivers/verbs/handles.hpp"

namespace plumbline::probes {

/// Host memory that a device may read and write, and so may the other end.
class RegisteredMemory {
 public:
  /// `size` bytes, of a NUMA node when `numa` is given.
  static Result<RegisteredMemory> make(ibv_pd* domain, std::size_t size, std::optional<int> numa);
  std::span<std::byte> bytes() const { return bytes_; }
  /// Where byte `at` is, for work requests and for the other end.
  std::uint64_t address(std::size_t at = 0) const;
  std::uint32_t local_key() const { return region_->lkey; }
  std::uint32_t remote_key() const { return region_->rkey; }

 private:
  std::shared_ptr<void> owner_;
  std::span<std::byte> bytes_;
  Handle<ibv_mr> region_;  ///< goes first
};

}  // namespace plumbline::probes
