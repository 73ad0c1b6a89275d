#pragma once

#include <filesystem>
#include <string>

#include "agent/tls.hpp"

namespace plumbline::agent::testing {

/// A certificate authority and what it issues, made by openssl in a directory.
class Pki {
 public:
  explicit Pki(std::filesystem::path directory);
  /// Issues a certificate: OU=`role`, CN=`name`, SAN DNS:`name` and IP:127.0.0.1.
  TlsFiles issue(const std::string& name, const std::string& role) const;
  /// Issues one with the whole subject as given.
  TlsFiles issue_subject(const std::string& file, const std::string& subject) const;
  const std::filesystem::path& directory() const { return directory_; }

 private:
  std::filesystem::path directory_;
};

}  // namespace plumbline::agent::testing
