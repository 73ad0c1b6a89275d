#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/result.hpp"

namespace plumbline::agent {

/// What the plain HTTP pages say. Called from the server's threads.
struct Pages {
  std::function<std::string()> metrics;  ///< /metrics
  std::function<std::string()> unready;  ///< /readyz: empty = ready, else why not
};

/// /metrics, /healthz and /readyz for Prometheus and the kubelet, and nothing else: plain HTTP
/// without rights, on one address only.
class HttpServer {
 public:
  /// Listens on `address` ("10.70.0.11:9464").
  static Result<std::unique_ptr<HttpServer>> open(const std::string& address, Pages pages);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  /// The port it listens on.
  int port() const;

 private:
  struct Parts;
  explicit HttpServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace plumbline::agent
