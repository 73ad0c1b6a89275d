#include <catch2/catch_test_macros.hpp>

#include "probes/drivers/cuda/cuda_machine.hpp"

using namespace plumbline;
using namespace plumbline::probes;

TEST_CASE("Built without the CUDA toolkit: a reason to skip that says so") {
  const auto machine = open_cuda_machine();
  REQUIRE_FALSE(machine);
  CHECK(machine.error().code == ErrorCode::unavailable);
  CHECK(machine.error().message == "this program was built without the CUDA toolkit");
  CHECK(cuda_left_out() == machine.error().message);
}
