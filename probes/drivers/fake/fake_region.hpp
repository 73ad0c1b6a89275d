#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "probes/gpu/gpu_machine.hpp"

namespace plumbline::probes {

/// What lies in a stretch of memory: word i of the pattern of `seed`, displaced by `shift` bytes;
/// or nothing known.
struct FakeContent {
  bool known = false;
  std::uint64_t seed = 0;
  std::int64_t shift = 0;
  bool operator==(const FakeContent&) const = default;
};

/// Memory that knows which pattern lies where, without its bytes.
class FakeRegion final : public GpuRegion {
 public:
  /// `lease` is kept for as long as the region lives: it gives the memory back.
  FakeRegion(GpuPlace place, Bytes size, std::shared_ptr<void> lease);

  const GpuPlace& place() const override { return place_; }
  Bytes size() const override { return size_; }

  /// Puts one content over [from, to).
  void write(std::uint64_t from, std::uint64_t to, const FakeContent& content);
  /// Copies `length` bytes of `source` at `from` to `to` of this region.
  void take(const FakeRegion& source, std::uint64_t from, std::uint64_t to, std::uint64_t length);
  /// What lies where: each entry from its offset to the next one's.
  const std::map<std::uint64_t, FakeContent>& content() const { return content_; }
  /// The file through which another process sees it; empty: nobody does.
  const std::string& share() const { return share_; }
  /// `lease` is kept as the other one.
  void share_as(std::string name, std::shared_ptr<void> lease) {
    share_ = std::move(name);
    share_lease_ = std::move(lease);
  }
  /// What of the first `size` bytes is not the pattern of `seed`.
  Comparison compare(std::uint64_t size, std::uint64_t seed) const;

 private:
  void cut(std::uint64_t at);

  GpuPlace place_;
  Bytes size_;
  std::shared_ptr<void> lease_;
  std::string share_;
  std::shared_ptr<void> share_lease_;
  std::map<std::uint64_t, FakeContent> content_;  ///< from its offset to the next entry's
};

}  // namespace plumbline::probes
