#include "agent/transport_log.hpp"

#include <grpc/support/log.h>

#include <cstdlib>

namespace plumbline::agent {

void quiet_transport() {
  if (std::getenv("GRPC_VERBOSITY") != nullptr) return;
  gpr_set_log_function([](gpr_log_func_args*) {});
}

}  // namespace plumbline::agent
