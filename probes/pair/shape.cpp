#include "probes/pair/shape.hpp"

namespace plumbline::probes {

Result<Shape> parse_shape(const std::string& word) {
  if (word == "one_way") return Shape::one_way;
  if (word == "reverse") return Shape::reverse;
  if (word == "both_ways") return Shape::both_ways;
  if (word == "latency") return Shape::latency;
  return fail(ErrorCode::invalid_input,
              "measure: " + word + " is none of one_way, reverse, both_ways, latency");
}

bool sends(Shape shape, int rank) {
  if (shape == Shape::both_ways) return true;
  return shape == (rank == 0 ? Shape::one_way : Shape::reverse);
}

bool receives(Shape shape, int rank) { return shape != Shape::latency && sends(shape, 1 - rank); }

}  // namespace plumbline::probes
