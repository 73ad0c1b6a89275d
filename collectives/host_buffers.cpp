#include "collectives/host_buffers.hpp"

#include <algorithm>

namespace plumbline::collectives {

void HostBuffers::prepare(const Operation& operation, int rank, int ranks, std::uint64_t seed,
                          int repeats) {
  operation_ = operation;
  layout_ = layout_of(operation, ranks);
  element_ = size_of(operation.type);
  rank_ = static_cast<std::size_t>(rank);
  result_ = gets_result(operation, rank);
  input_.resize(layout_.input * element_);
  fill_input(operation, rank, ranks, seed, input_);
  expected_.resize(layout_.output * element_);
  if (result_) fill_result(operation, rank, ranks, seed, expected_);
  destinations_.resize(static_cast<std::size_t>(repeats));
  for (int run = 0; run < repeats; ++run) {
    auto& buffer = destinations_[static_cast<std::size_t>(run)];
    buffer.assign((operation.in_place ? layout_.whole : layout_.output) * element_,
                  std::byte{0xff});
    const std::span<std::byte> into = destination(run);
    std::transform(expected_.begin(), expected_.end(), into.begin(),
                   [](std::byte right) { return ~right; });
    if (operation.in_place) std::copy(input_.begin(), input_.end(), source(run).begin());
  }
}

std::span<std::byte> HostBuffers::whole(int run) {
  return destinations_.at(static_cast<std::size_t>(run));
}

std::span<std::byte> HostBuffers::source(int run) {
  if (!operation_.in_place) return input_;
  return whole(run).subspan(rank_ * layout_.input_step * element_, layout_.input * element_);
}

std::span<std::byte> HostBuffers::destination(int run) {
  if (!operation_.in_place) return whole(run);
  return whole(run).subspan(rank_ * layout_.output_step * element_, layout_.output * element_);
}

std::span<const std::byte> HostBuffers::result_of(std::size_t run) const {
  const std::span<const std::byte> whole = destinations_[run];
  if (!operation_.in_place) return whole;
  return whole.subspan(rank_ * layout_.output_step * element_, layout_.output * element_);
}

std::optional<Wrong> HostBuffers::verify(double slack) const {
  if (!result_) return std::nullopt;
  std::optional<Wrong> wrong;
  for (std::size_t run = 0; run < destinations_.size(); ++run) {
    const auto mismatch = first_mismatch(operation_.type, expected_, result_of(run), slack);
    if (!mismatch) continue;
    const Wrong here = wrong_run(run, *mismatch, layout_.output);
    if (wrong) wrong->elements += here.elements;
    if (!wrong) wrong = here;
  }
  return wrong;
}

Wrong wrong_run(std::size_t run, const Mismatch& mismatch, std::size_t elements) {
  return {"run " + std::to_string(run) + ", element " + std::to_string(mismatch.element) + " is " +
              mismatch.got + ", expected " + mismatch.expected + ", " +
              std::to_string(mismatch.wrong) + " of " + std::to_string(elements) +
              " elements are wrong",
          mismatch.wrong};
}

}  // namespace plumbline::collectives
