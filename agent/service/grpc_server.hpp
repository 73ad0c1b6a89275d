#pragma once

#include <memory>
#include <string>

#include "agent/service/desk.hpp"
#include "agent/tls.hpp"
#include "core/log.hpp"

namespace plumbline::agent {

/// The desk behind gRPC and mutual TLS (1.2 and later). A caller without a certificate of our
/// authority gets no connection, one whose role is not coordinator gets PERMISSION_DENIED. Every
/// call runs in a thread of its own, 64 at most.
class GrpcServer {
 public:
  /// Listens on `address` ("10.70.0.11:7443"; port 0: any). The desk must outlive it.
  static Result<std::unique_ptr<GrpcServer>> open(const std::string& address, const TlsTexts& tls,
                                                  Desk& desk, Metrics& metrics);
  ~GrpcServer();
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  /// The port it listens on.
  int port() const;
  /// Takes no more calls and waits for those that run; at the deadline they are cut off.
  void stop(Deadline deadline);

 private:
  struct Parts;
  explicit GrpcServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace plumbline::agent
