#pragma once

#include <string>

#include "core/result.hpp"

namespace plumbline::agent {

/// What a certificate's holder may do. It stands in the subject's OU.
enum class Role {
  agent,       ///< serves; may command nobody
  coordinator  ///< may command agents
};
const char* to_string(Role role) noexcept;

/// Who is at the other end of a connection, by its verified certificate.
struct Peer {
  Role role = Role::agent;
  std::string name;  ///< the subject's CN: a node or a coordinator
};

/// Reads role and name of a PEM certificate that TLS has verified already. Its subject must be
/// O=plumbline, exactly one OU that names a role, and exactly one CN.
Result<Peer> read_peer(const std::string& pem);

/// Success for a coordinator; for anybody else an error that names the role.
Status may_command(const Peer& peer);

}  // namespace plumbline::agent
