#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "netcheck/claims/api_access.hpp"

namespace plumbline::netcheck::claims {

/// What a server answered.
struct HttpAnswer {
  long status = 0;
  std::string body;
  long retry_after_s = 0;  ///< Retry-After in seconds; 0: not given
};

/// One connection's worth of libcurl to one server: TLS as the access says, keep-alive, no
/// redirects, nothing but http and https. Movable; one thread at a time.
class HttpClient {
 public:
  /// Nothing is connected yet. Files of the access are read by each new connection.
  static Result<HttpClient> open(const ApiAccess& access);
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  /// Takes other credentials from the next request on.
  void use(const Credentials& credentials);
  /// GET of a path with query. A body over 256 MiB is an error. `sink` gets the body in pieces
  /// instead of the answer (status 200 only), an empty piece about once a second while nothing
  /// comes (without data before the server has answered), and ends the transfer when it returns
  /// false.
  Result<HttpAnswer> get(const std::string& path, Deadline deadline,
                         const std::function<bool(std::string_view)>& sink = {});
  /// Another method (POST, PATCH, DELETE) of a path with a body of that content type. The same
  /// limits; no sink.
  Result<HttpAnswer> send(const std::string& method, const std::string& path,
                          const std::string& type, const std::string& body, Deadline deadline);

 private:
  struct State;
  explicit HttpClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace plumbline::netcheck::claims
