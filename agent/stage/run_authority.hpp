#pragma once

#include <string>
#include <vector>

#include "agent/tls.hpp"
#include "core/result.hpp"

namespace plumbline::agent {

/// Both ends' TLS of one run, by an authority that nobody keeps: its key is gone when this returns.
struct RunIdentities {
  TlsTexts coordinator;  ///< this stage's
  TlsTexts agents;       ///< what all agents of the run's pods serve with
};

/// Makes an authority (P-256, one day), a coordinator's and an agents' certificate; the agents' is
/// good for every one of `names` and cannot command. Errors: OpenSSL's.
Result<RunIdentities> make_identities(const std::string& run,
                                      const std::vector<std::string>& names);

}  // namespace plumbline::agent
