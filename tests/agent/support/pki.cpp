#include "tests/agent/support/pki.hpp"

#include <catch2/catch_test_macros.hpp>

#include "core/files.hpp"
#include "tests/agent/support/programs.hpp"

namespace plumbline::agent::testing {
namespace {

std::vector<std::string> request(const std::filesystem::path& directory, const std::string& file,
                                 const std::string& subject) {
  return {"req",
          "-x509",
          "-config",
          (directory / "openssl.cnf").string(),
          "-newkey",
          "ec",
          "-pkeyopt",
          "ec_paramgen_curve:prime256v1",
          "-nodes",
          "-days",
          "2",
          "-subj",
          subject,
          "-keyout",
          (directory / (file + "-key.pem")).string(),
          "-out",
          (directory / (file + ".pem")).string()};
}

}  // namespace

Pki::Pki(std::filesystem::path directory) : directory_(std::move(directory)) {
  std::filesystem::create_directories(directory_);
  REQUIRE(write_file(directory_ / "openssl.cnf", "[req]\ndistinguished_name=dn\n[dn]\n"));
  auto words = request(directory_, "ca", "/O=plumbline/CN=test authority");
  words.insert(words.end(), {"-addext", "basicConstraints=critical,CA:TRUE"});
  const auto made = run("openssl", words);
  INFO(made.err);
  REQUIRE(made.status == 0);
}

TlsFiles Pki::issue_subject(const std::string& file, const std::string& subject) const {
  auto words = request(directory_, file, subject);
  words.insert(words.end(), {"-CA", (directory_ / "ca.pem").string(), "-CAkey",
                             (directory_ / "ca-key.pem").string(), "-addext",
                             "basicConstraints=critical,CA:FALSE", "-addext",
                             "subjectAltName=DNS:" + file + ",IP:127.0.0.1"});
  const auto made = run("openssl", words);
  INFO(made.err);
  REQUIRE(made.status == 0);
  return {directory_ / "ca.pem", directory_ / (file + ".pem"), directory_ / (file + "-key.pem")};
}

TlsFiles Pki::issue(const std::string& name, const std::string& role) const {
  return issue_subject(name, "/O=plumbline/OU=" + role + "/CN=" + name);
}

}  // namespace plumbline::agent::testing
