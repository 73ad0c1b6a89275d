#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "netcheck/claims/http_client.hpp"

namespace plumbline::netcheck::claims {

/// Asks one API server: keeps its credentials fresh, waits when it is told to, tries again what may
/// pass. One thread at a time.
class ApiClient {
 public:
  /// Reads the first credentials (runs an exec plugin, when the access names one).
  static Result<ApiClient> open(ApiAccess access, Clock& clock, Deadline deadline);

  /// GET of one JSON object. 401 renews the credentials once; 429, 5xx and lost connections are
  /// tried again after Retry-After or a growing, uneven pause, five times in all. Errors:
  /// permission_denied (401, 403, with the server's own words), not_found (404), conflict (410).
  Result<nlohmann::json> get(const std::string& path, Deadline deadline);
  /// The server's address.
  const std::string& server() const { return access_.server; }

 private:
  ApiClient(ApiAccess access, HttpClient http, Clock& clock);
  Status renew(Deadline deadline);
  Status keep_fresh(Deadline deadline);
  Result<HttpAnswer> ask(const std::string& path, Deadline deadline);
  void pause(int attempt, long asked_s, Deadline deadline);

  ApiAccess access_;
  HttpClient http_;
  Clock* clock_;
  Moment read_at_{};
};

}  // namespace plumbline::netcheck::claims
