#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "probes/pair/rdma_path.hpp"

namespace plumbline::probes {

/// How a made-up RDMA path behaves. Both ends have a device rxe1 over ens1 and a device rxe2.
struct FakeRdma {
  double rate = 25e6;      ///< goodput, B/s
  double latency = 5e-6;   ///< of a ping
  bool dead = false;       ///< nothing is acknowledged
  bool corrupts = false;   ///< a byte arrives wrong
  bool strays = false;     ///< the bytes take rxe2
  bool detours = false;    ///< rxe1 counts them, but the kernel sends them over ens2
  bool uncounted = false;  ///< the port has no data counters
  std::string unopenable;  ///< why no end can be opened; empty: it can
};

/// Counters of one end's two ports, moved by what the fake moves.
struct FakePorts {
  std::mutex mutex;
  std::uint64_t sent = 1000;
  std::uint64_t received = 2000;
  std::uint64_t other = 0;
  std::uint64_t net_sent = 10;  ///< over ens1
  std::uint64_t net_received = 20;
  std::uint64_t net_other = 0;  ///< over ens2
};

/// A driver of one end. `ports` are its own; both ends get the same `path`.
std::unique_ptr<RdmaDriver> fake_rdma(const FakeRdma& path, std::shared_ptr<FakePorts> ports);

}  // namespace plumbline::probes
