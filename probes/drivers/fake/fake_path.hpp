#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/units.hpp"
#include "probes/drivers/host/links.hpp"
#include "probes/pair/path.hpp"

namespace plumbline::probes {

/// How a fake path behaves, both ways alike.
struct FakePath {
  BytesPerSecond rate{20e6};
  std::optional<std::uint64_t> corrupts;  ///< this byte of every stream arrives changed
  double stalls = 0;                      ///< share of every period in which nothing moves
  std::chrono::nanoseconds period{std::chrono::milliseconds(200)};
  bool dead = false;                        ///< nothing arrives
  std::optional<std::uint64_t> dies_after;  ///< bytes of all streams; then it is dead
  /// So many openings find the device gone: its link goes down just then, and is up again after.
  std::uint64_t flaps = 0;
  bool absent = false;         ///< every opening finds it gone, and its link stands
  /// So long after the fabric was made the device's counters also run by themselves, at twice the
  /// rate: bytes of whoever measured before still drain.
  std::chrono::nanoseconds drains{0};
  std::string moves = "ens1";  ///< the device whose counters the bytes move
};

class FakeFabric;

/// Paths between the ranks of one process over one fake fabric; all ranks' drivers share it.
class FakePaths final : public PathDriver {
 public:
  explicit FakePaths(std::shared_ptr<FakeFabric> fabric) : fabric_(std::move(fabric)) {}
  std::string name() const override { return "fake"; }
  Result<std::unique_ptr<Connection>> open(const std::string& device, Waiting waiting) override;
  Tally tally() override;
  /// The devices ens1 and ens2 with what the fabric has moved, as either end's interfaces.
  std::vector<Link> links() const;

 private:
  std::shared_ptr<FakeFabric> fabric_;
};

/// A fabric of that behaviour.
std::shared_ptr<FakeFabric> fake_fabric(FakePath path);

}  // namespace plumbline::probes
