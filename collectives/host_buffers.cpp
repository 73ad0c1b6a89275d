#include "collectives/host_buffers.hpp"

#include "collectives/payload.hpp"

namespace plumbline::collectives {

void HostBuffers::prepare(const Operation& operation, int rank, int ranks, std::uint64_t seed,
                          int repeats) {
  ranks_ = ranks;
  seed_ = seed;
  const auto bytes = static_cast<std::size_t>(operation.bytes.count);
  input_.resize(bytes);
  fill_input(operation, rank, ranks, seed, input_);
  destinations_.resize(static_cast<std::size_t>(repeats));
  for (std::vector<std::byte>& destination : destinations_) {
    destination.resize(bytes);
    poison(destination);
  }
}

std::span<std::byte> HostBuffers::destination(int run) {
  return destinations_.at(static_cast<std::size_t>(run));
}

std::optional<std::string> HostBuffers::verify(const Operation& operation) const {
  for (std::size_t run = 0; run < destinations_.size(); ++run) {
    const auto wrong = first_mismatch(operation, ranks_, seed_, destinations_[run]);
    if (!wrong) continue;
    return "run " + std::to_string(run) + ", element " + std::to_string(wrong->element) + " is " +
           wrong->got + ", expected " + wrong->expected + ", " + std::to_string(wrong->wrong) +
           " of " + std::to_string(elements(operation)) + " elements are wrong";
  }
  return std::nullopt;
}

}  // namespace plumbline::collectives
