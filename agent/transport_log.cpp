#include "agent/transport_log.hpp"

#include <grpc/support/log.h>

namespace plumbline::agent {

void quiet_transport() {
  gpr_set_log_function([](gpr_log_func_args*) {});
}

}  // namespace plumbline::agent
