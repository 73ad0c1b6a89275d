#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "netcheck/claims/workloads/spec.hpp"

namespace plumbline::netcheck::claims {

/// How long a run's Lease is good without being renewed.
constexpr int kLeaseSeconds = 30;

/// The coordination.k8s.io/v1 Lease that owns all objects of a run: who holds it, and when it was
/// renewed last. `now` and `acquired` are wall times as Clock tells them. Pure.
nlohmann::json lease_object(const std::string& run, const std::string& name_space,
                            const std::string& acquired, const std::string& now);

/// True for a Lease that was not renewed for twice its duration: its holder is dead or has no way
/// to the server. One whose times cannot be read is not expired. Pure.
bool lease_expired(const nlohmann::json& lease, const std::string& now);

/// Seconds since 1970 of a wall time "2026-11-23T06:24:35" with any fraction and "Z"; nothing for
/// any other text. Pure.
std::optional<std::int64_t> seconds_of(const std::string& wall_time);

}  // namespace plumbline::netcheck::claims
