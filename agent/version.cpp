#include "agent/version.hpp"

namespace plumbline::agent {

const char* version() noexcept { return PLUMBLINE_VERSION; }

}  // namespace plumbline::agent
