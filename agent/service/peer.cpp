#include "agent/service/peer.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

namespace plumbline::agent {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

/// The one value of a part of the subject, as UTF-8. Two values are as wrong as none: nobody could
/// say which one counts.
Result<std::string> only(const X509_NAME* subject, int part, const char* label) {
  const int first = X509_NAME_get_index_by_NID(subject, part, -1);
  if (first < 0) {
    return fail(ErrorCode::permission_denied,
                std::string("the peer's certificate has no ") + label + " in its subject");
  }
  if (X509_NAME_get_index_by_NID(subject, part, first) >= 0) {
    return fail(ErrorCode::permission_denied,
                std::string("the peer's certificate has more than one ") + label);
  }
  unsigned char* text = nullptr;
  const auto* const value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, first));
  const int length = ASN1_STRING_to_UTF8(&text, value);
  if (length <= 0) {
    return fail(ErrorCode::permission_denied,
                std::string("the peer's certificate has an unreadable ") + label);
  }
  std::string copy(text, text + length);
  OPENSSL_free(text);
  return copy;
}

Result<Role> role_of(const std::string& word) {
  if (word == "agent") return Role::agent;
  if (word == "coordinator") return Role::coordinator;
  return fail(ErrorCode::permission_denied,
              "the peer's certificate has the unknown role \"" + word + "\"");
}

}  // namespace

const char* to_string(Role role) noexcept {
  return role == Role::coordinator ? "coordinator" : "agent";
}

Result<Peer> read_peer(const std::string& pem) {
  const Bio bytes(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  const Certificate certificate(
      bytes ? PEM_read_bio_X509(bytes.get(), nullptr, nullptr, nullptr) : nullptr, &X509_free);
  ERR_clear_error();
  if (!certificate) {
    return fail(ErrorCode::permission_denied, "the peer's certificate cannot be read");
  }
  const X509_NAME* const subject = X509_get_subject_name(certificate.get());
  const auto organization = only(subject, NID_organizationName, "organization (O)");
  if (!organization) return tl::unexpected(organization.error());
  if (*organization != "plumbline") {
    return fail(ErrorCode::permission_denied,
                "the peer's certificate is of organization \"" + *organization + "\"");
  }
  const auto unit = only(subject, NID_organizationalUnitName, "role (OU)");
  if (!unit) return tl::unexpected(unit.error());
  const auto role = role_of(*unit);
  if (!role) return tl::unexpected(role.error());
  auto name = only(subject, NID_commonName, "name (CN)");
  if (!name) return tl::unexpected(name.error());
  return Peer{*role, std::move(*name)};
}

Status may_command(const Peer& peer) {
  if (peer.role == Role::coordinator) return {};
  const std::string role = to_string(peer.role);
  return fail(ErrorCode::permission_denied,
              "role \"" + role + "\" of " + peer.name + " may not command an agent");
}

}  // namespace plumbline::agent
