#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "core/result.hpp"
#include "core/units.hpp"
#include "probes/pair/rdma_work.hpp"

namespace plumbline::probes {

/// Which way the bytes go: rank 0 to rank 1, rank 1 to rank 0, both at once, or to and fro.
enum class Shape { one_way, reverse, both_ways, latency };

/// Reads a word of Request.measure.
Result<Shape> parse_shape(const std::string& word);

/// True when this rank streams, or takes the stream, in this shape. In a latency neither does.
bool sends(Shape shape, int rank);
bool receives(Shape shape, int rank);

/// One number that a pair request asks for.
struct Number {
  Shape shape = Shape::one_way;
  Bytes size;               ///< of a message
  std::uint64_t index = 0;  ///< its place in the request: makes its seeds its own
  bool over_rdma = false;   ///< by queue pairs, as `rdma` says
  RdmaWork rdma;
  bool by_library = false;  ///< by a library's connections over the RDMA device: a second opinion
};

/// Times that are not the request's to choose; tests shorten them.
struct Patience {
  std::chrono::nanoseconds carrier{std::chrono::seconds(2)};  ///< for a device without carrier
  std::chrono::nanoseconds silence{std::chrono::seconds(4)};  ///< for the first byte
  std::chrono::nanoseconds stall{
      std::chrono::milliseconds(600)};  ///< for the byte that ends a batch
  std::chrono::nanoseconds warm_up{std::chrono::milliseconds(120)};
  std::chrono::nanoseconds company{std::chrono::seconds(5)};  ///< for the other end to come
};

}  // namespace plumbline::probes
