#include "agent/tls.hpp"

#include "core/files.hpp"

namespace plumbline::agent {
namespace {

constexpr std::size_t kPemMost = 256U << 10U;

Result<std::string> read_pem(const std::filesystem::path& path, const char* what) {
  auto text = read_file(path, kPemMost);
  if (!text) return pass_up(text.error(), std::string("reading the ") + what);
  if (text->find("-----BEGIN ") == std::string::npos) {
    return fail(ErrorCode::invalid_input, std::string(what) + " " + path.string() + " is no PEM");
  }
  return text;
}

}  // namespace

Result<TlsTexts> read_tls(const TlsFiles& files) {
  auto ca = read_pem(files.ca, "certificate authority");
  if (!ca) return tl::unexpected(ca.error());
  auto certificate = read_pem(files.certificate, "certificate");
  if (!certificate) return tl::unexpected(certificate.error());
  auto key = read_pem(files.key, "private key");
  if (!key) return tl::unexpected(key.error());
  return TlsTexts{std::move(*ca), std::move(*certificate), std::move(*key)};
}

}  // namespace plumbline::agent
