#pragma once

namespace plumbline::agent {

/// Keeps gRPC's own lines off stderr, which is our log: what matters of them comes back as an error
/// of the call. For the whole process; call it first.
void quiet_transport();

}  // namespace plumbline::agent
