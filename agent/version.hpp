#pragma once

namespace plumbline::agent {

/// plumbline's version, "0.1.0".
const char* version() noexcept;

}  // namespace plumbline::agent
