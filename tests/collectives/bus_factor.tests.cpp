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
