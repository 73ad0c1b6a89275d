#pragma once

#include <functional>
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
  /// One watch: GET of a path whose answer is JSON lines until the server ends it, each given to
  /// `take`, which ends it by returning false. `idle` is asked about once a second, is told whether
  /// the server has answered at all, and ends it too. 401 renews the credentials once; nothing else
  /// is tried again. Errors as of get(); a line over 16 MiB is invalid_input.
  Status watch(const std::string& path, const std::function<bool(const std::string& line)>& take,
               const std::function<bool(bool answered)>& idle, Deadline deadline);
  /// Server-side apply of one object as field manager "plumbline", which takes fields over from
  /// others. Tried again as get() does. Errors as of get(); conflict is also 409.
  Status apply(const std::string& path, const nlohmann::json& object, Deadline deadline);
  /// POST of one new object to its collection; what the server made of it. `conflict` when one of
  /// its name is there already. Tried again as get() does.
  Result<nlohmann::json> create(const std::string& collection, const nlohmann::json& object,
                                Deadline deadline);
  /// DELETE of one object; what belongs to it is left to garbage collection (propagation in the
  /// background). One that is not there is success. Tried again as get() does.
  Status remove(const std::string& path, Deadline deadline);
  /// The server's address.
  const std::string& server() const { return access_.server; }

 private:
  ApiClient(ApiAccess access, HttpClient http, Clock& clock);
  Status renew(Deadline deadline);
  Status keep_fresh(Deadline deadline);
  Result<HttpAnswer> change(const char* doing, const char* method, const std::string& path,
                            const char* type, const std::string& body, Deadline deadline);
  Result<HttpAnswer> ask(const std::function<Result<HttpAnswer>()>& request, Deadline deadline);
  void pause(int attempt, long asked_s, Deadline deadline);

  ApiAccess access_;
  HttpClient http_;
  Clock* clock_;
  Moment read_at_{};
};

}  // namespace plumbline::netcheck::claims
