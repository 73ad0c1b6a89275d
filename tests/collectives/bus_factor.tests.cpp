#include "collectives/bus_factor.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

using namespace plumbline;
using namespace plumbline::collectives;
using Catch::Matchers::WithinRel;

TEST_CASE("Bus factors are those of nccl-tests") {
  const int n = 6;
  CHECK_THAT(bus_factor(OperationKind::all_reduce, n), WithinRel(10.0 / 6));
  for (const OperationKind kind :
       {OperationKind::all_gather, OperationKind::reduce_scatter, OperationKind::all_to_all,
        OperationKind::gather, OperationKind::scatter}) {
    INFO(to_string(kind));
    CHECK_THAT(bus_factor(kind, n), WithinRel(5.0 / 6));
  }
  for (const OperationKind kind : {OperationKind::broadcast, OperationKind::reduce,
                                   OperationKind::send_receive, OperationKind::hypercube}) {
    INFO(to_string(kind));
    CHECK(bus_factor(kind, n) == 1.0);
  }
}

TEST_CASE("With two ranks an all-reduce moves its size once over each link") {
  CHECK(bus_factor(OperationKind::all_reduce, 2) == 1.0);
  CHECK(bus_factor(OperationKind::all_gather, 2) == 0.5);
}

TEST_CASE("One rank alone moves nothing") {
  CHECK(bus_factor(OperationKind::all_reduce, 1) == 0.0);
}

TEST_CASE("Bus bandwidth is size over time times the factor") {
  Operation operation;
  operation.bytes = {8'000'000};
  CHECK_THAT(bus_bandwidth(operation, 4, Seconds{0.5}).value, WithinRel(24e6));
}

TEST_CASE("An operation is known by nccl-tests' name, and another word lists them") {
  CHECK(parse_operation("alltoall").value() == OperationKind::all_to_all);
  CHECK(parse_operation(to_string(OperationKind::send_receive)).value() ==
        OperationKind::send_receive);
  const auto unknown = parse_operation("allreduce");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == ErrorCode::invalid_input);
  CHECK(unknown.error().message.find("all_reduce") != std::string::npos);
}

TEST_CASE("A size is what a rank gives or gets, whichever is more; hypercube counts what moves") {
  Operation operation;
  operation.bytes = {8'000'000};
  operation.kind = OperationKind::hypercube;
  CHECK_THAT(alg_bandwidth(operation, 4, Seconds{0.5}).value, WithinRel(12e6));
  CHECK_THAT(bus_bandwidth(operation, 4, Seconds{0.5}).value, WithinRel(12e6));
  operation.kind = OperationKind::all_gather;
  CHECK_THAT(bus_bandwidth(operation, 4, Seconds{0.5}).value, WithinRel(12e6));
}

TEST_CASE("What a rank must move follows from the operation and its part in it") {
  Operation operation;
  operation.bytes = {10 * 8};
  CHECK(wire_load(operation, 4, 0).sent.count == 2 * 7 * 8);
  CHECK(wire_load(operation, 2, 0).sent.count == 2 * 5 * 8);
  CHECK(wire_load(operation, 1, 0).sent.count == 0);
  operation.bytes = {4 * 100 * 8};
  operation.kind = OperationKind::all_gather;
  CHECK(wire_load(operation, 4, 1).received.count == 2400);
  CHECK(wire_load(operation, 4, 1).sent.count == 800);
  operation.kind = OperationKind::gather;
  operation.root = 2;
  CHECK(wire_load(operation, 4, 2).received.count == 2400);
  CHECK(wire_load(operation, 4, 2).sent.count == 0);
  CHECK(wire_load(operation, 4, 1).sent.count == 800);
}

TEST_CASE("A NIC's share of a bus bandwidth follows from nodes and ranks") {
  // ml-engineering, network/README.md: 4 nodes of 8, 381.8 GB/s, are 36.95 GB/s a NIC.
  CHECK_THAT(nic_rate({381.8e9}, 4, 32).value, WithinRel(36.95e9, 1e-3));
  CHECK_THAT(nic_rate({1e9}, 6, 6).value, WithinRel(1e9));
  CHECK(nic_rate({1e9}, 1, 8).value == 0);
}
