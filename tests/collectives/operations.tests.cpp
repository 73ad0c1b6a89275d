// Every operation, type, reduction and placement through real memory, with its exact result.
#include <catch2/catch_test_macros.hpp>
#include <mutex>

#include "collectives/measure.hpp"
#include "tests/collectives/ranks.hpp"

using namespace plumbline;
using namespace plumbline::collectives;

namespace {

const std::vector<OperationKind> kKinds{OperationKind::all_reduce,     OperationKind::all_gather,
                                        OperationKind::reduce_scatter, OperationKind::all_to_all,
                                        OperationKind::gather,         OperationKind::scatter,
                                        OperationKind::broadcast,      OperationKind::send_receive,
                                        OperationKind::hypercube,      OperationKind::reduce};
const std::vector<ElementType> kTypes{
    ElementType::int8,     ElementType::uint8,       ElementType::int32,
    ElementType::uint32,   ElementType::int64,       ElementType::uint64,
    ElementType::float16,  ElementType::float32,     ElementType::float64,
    ElementType::bfloat16, ElementType::float8_e4m3, ElementType::float8_e5m2};
const std::vector<Reduction> kReductions{Reduction::sum, Reduction::product, Reduction::min,
                                         Reduction::max, Reduction::average, Reduction::scaled_sum};

/// Runs one operation twice on every rank; what any of them finds wrong.
std::string wrong_of(const MemoryWorld& world, const Operation& operation) {
  std::string wrong;
  std::mutex mutex;
  on_all_ranks(world, [&](Communicator& end) {
    const Deadline deadline = Deadline::after(std::chrono::seconds(60));
    bool done = end.prepare(operation, 42, 2).has_value();
    done = done && end.run(operation, 2, Blocking::none, deadline).has_value();
    const auto found = end.verify(operation);
    const std::lock_guard lock(mutex);
    if (!done || !found) wrong += "rank " + std::to_string(end.rank()) + " did not run; ";
    if (found && *found) wrong += "rank " + std::to_string(end.rank()) + ": " + (*found)->text;
  });
  return wrong;
}

std::string words_of(const Operation& operation, int ranks) {
  return std::string(to_string(operation.kind)) + " " + to_string(operation.type) + " " +
         to_string(operation.reduction) + (operation.in_place ? " in place, " : ", ") +
         std::to_string(ranks) + " ranks";
}

void check_all_types(Operation operation, int ranks) {
  MemoryWorld world;
  world.ranks = ranks;
  for (const ElementType type : kTypes) {
    operation.type = type;
    INFO(words_of(operation, ranks));
    CHECK(wrong_of(world, operation) == "");
  }
}

}  // namespace

TEST_CASE("Every operation and type gives the exact result on every rank, in and out of place") {
  for (const int ranks : {2, 3, 4, 8}) {
    for (const OperationKind kind : kKinds) {
      if (kind == OperationKind::hypercube && ranks == 3) continue;
      for (const bool in_place : {false, true}) {
        Operation operation;
        operation.kind = kind;
        operation.bytes = {static_cast<std::uint64_t>(ranks) * 3 * 16};
        operation.root = ranks - 1;
        operation.in_place = in_place;
        check_all_types(operation, ranks);
      }
    }
  }
}

TEST_CASE("Every reduction of every type is exact, on more ranks than narrow types can count") {
  for (const int ranks : {3, 8, 20}) {
    for (const Reduction reduction : kReductions) {
      for (const OperationKind kind : {OperationKind::all_reduce, OperationKind::reduce_scatter}) {
        Operation operation;
        operation.kind = kind;
        operation.reduction = reduction;
        operation.bytes = {20 * 3 * 16};
        check_all_types(operation, ranks);
      }
    }
  }
}

TEST_CASE("A size too small for a block each moves nothing and is right") {
  MemoryWorld world;
  world.ranks = 4;
  Operation operation;
  operation.kind = OperationKind::all_gather;
  operation.bytes = {8};
  CHECK(layout_of(operation, 4).count == 0);
  CHECK(wrong_of(world, operation) == "");
}

TEST_CASE("One wrong bit is found in every operation and type, on the rank that has it") {
  for (const OperationKind kind : kKinds) {
    for (const ElementType type : kTypes) {
      MemoryWorld world;
      world.ranks = 4;
      world.corrupting_rank = 2;
      world.corrupt_element = 5;
      Operation operation;
      operation.kind = kind;
      operation.type = type;
      operation.root = 2;
      operation.bytes = {4 * 4 * 16};
      INFO(words_of(operation, 4));
      const std::string wrong = wrong_of(world, operation);
      CHECK(wrong.find("rank 2: run 0, element 5 is ") == 0);
    }
  }
}

TEST_CASE("Groups work at once, each with its own data, and do not mix") {
  MemoryWorld world;
  world.ranks = 6;
  MeasureJob job;
  job.operation.kind = OperationKind::all_gather;
  job.operation.bytes = {6000};
  job.colours = {0, 1, 0, 1, 0, 1};
  job.fixed = FixedCounts{1, 3};
  std::mutex mutex;
  int right = 0;
  on_all_ranks(world, [&](Communicator& end) {
    SystemClock clock;
    const auto result = measure(
        end, job, clock, [](const std::string&, double) {},
        Deadline::after(std::chrono::seconds(60)));
    const std::lock_guard lock(mutex);
    if (result && result->iterations.timed == 3) ++right;
  });
  CHECK(right == 6);
}

TEST_CASE("Layouts are nccl-tests' own") {
  Operation operation;
  operation.type = ElementType::float32;
  operation.bytes = {1000};
  operation.kind = OperationKind::reduce_scatter;
  const Layout scatter = layout_of(operation, 3);  // 250 floats over 3 ranks, blocks of 4
  CHECK(scatter.count == 80);
  CHECK(scatter.input == 240);
  CHECK(scatter.output == 80);
  CHECK(moved_size(operation, 3).count == 960);
  operation.kind = OperationKind::all_gather;
  CHECK(layout_of(operation, 3).input_step == 80);
  operation.kind = OperationKind::broadcast;
  CHECK(layout_of(operation, 3).count == 250);
}
