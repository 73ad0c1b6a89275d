#include "agent/stage/run_authority.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

namespace plumbline::agent {
namespace {

constexpr long kLife = 24L * 3600;
constexpr long kEarlier = -600;  // nodes whose clocks are behind

template <auto Free>
struct Freer {
  template <typename Part>
  void operator()(Part* part) const {
    Free(part);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Memory = std::unique_ptr<BIO, Freer<BIO_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;

tl::unexpected<Error> broken(const char* what) {
  const auto code = ERR_get_error();
  ERR_clear_error();
  const char* const reason = ERR_reason_error_string(code);
  return fail(ErrorCode::internal,
              std::string(what) + ": " + (reason == nullptr ? "OpenSSL does not say why" : reason));
}

/// Who a certificate is for.
struct Subject {
  const char* unit;  ///< the role; nothing for the authority
  std::string name;
  std::string hosts;  ///< subjectAltName; empty: none
};

bool add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension made(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return made && X509_add_ext(certificate, made.get(), -1) == 1;
}

bool add_name(X509_NAME* name, const char* field, const std::string& value) {
  const auto* const bytes = reinterpret_cast<const unsigned char*>(value.c_str());
  return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, bytes, -1, -1, 0) == 1;
}

/// A serial number that no other certificate has.
bool set_serial(X509* certificate) {
  std::uint64_t serial = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1) return false;
  return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1U) == 1;
}

/// Signed by the issuer's key; its own issuer when there is none.
Result<Certificate> make_certificate(const Subject& subject, EVP_PKEY* key, X509* issuer,
                                     EVP_PKEY* issuer_key) {
  Certificate made(X509_new());
  if (!made) return broken("making a certificate");
  X509* const raw = made.get();
  X509_NAME* const name = X509_get_subject_name(raw);
  bool good = X509_set_version(raw, 2) == 1 && set_serial(raw) &&
              X509_gmtime_adj(X509_getm_notBefore(raw), kEarlier) != nullptr &&
              X509_gmtime_adj(X509_getm_notAfter(raw), kLife) != nullptr &&
              X509_set_pubkey(raw, key) == 1 && add_name(name, "O", "plumbline");
  if (subject.unit != nullptr) good = good && add_name(name, "OU", subject.unit);
  good = good && add_name(name, "CN", subject.name);
  X509* const signer = issuer == nullptr ? raw : issuer;
  good = good && X509_set_issuer_name(raw, X509_get_subject_name(signer)) == 1;
  const char* const basic = issuer == nullptr ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE";
  good = good && add_extension(raw, signer, NID_basic_constraints, basic);
  if (issuer == nullptr) {
    good = good && add_extension(raw, signer, NID_key_usage, "critical,keyCertSign");
  }
  if (!subject.hosts.empty())
    good = good && add_extension(raw, signer, NID_subject_alt_name, subject.hosts);
  if (!good || X509_sign(raw, issuer_key, EVP_sha256()) == 0) return broken("making a certificate");
  return made;
}

template <typename Write>
Result<std::string> pem_of(const Write& write) {
  const Memory memory(BIO_new(BIO_s_mem()));
  if (!memory || write(memory.get()) != 1) return broken("writing PEM");
  char* text = nullptr;
  const long length = BIO_get_mem_data(memory.get(), &text);
  return std::string(text, static_cast<std::size_t>(length));
}

/// One end's three texts.
Result<TlsTexts> make_end(const Subject& subject, X509* authority, EVP_PKEY* authority_key) {
  const Key key(EVP_EC_gen("P-256"));
  if (!key) return broken("making a key");
  const auto certificate = make_certificate(subject, key.get(), authority, authority_key);
  if (!certificate) return tl::unexpected(certificate.error());
  auto ca = pem_of([&](BIO* to) { return PEM_write_bio_X509(to, authority); });
  auto own = pem_of([&](BIO* to) { return PEM_write_bio_X509(to, certificate->get()); });
  auto secret = pem_of([&](BIO* to) {
    return PEM_write_bio_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  if (!ca || !own || !secret) return broken("writing PEM");
  return TlsTexts{std::move(*ca), std::move(*own), std::move(*secret)};
}

}  // namespace

Result<RunIdentities> make_identities(const std::string& run,
                                      const std::vector<std::string>& names) {
  const Key key(EVP_EC_gen("P-256"));
  if (!key) return broken("making a key");
  const auto authority =
      make_certificate({nullptr, "authority of run " + run, ""}, key.get(), nullptr, key.get());
  if (!authority) return tl::unexpected(authority.error());
  std::string hosts;
  for (const std::string& name : names)
    hosts += (hosts.empty() ? "DNS:" : ",DNS:") + name;
  auto coordinator =
      make_end({"coordinator", "stage of run " + run, ""}, authority->get(), key.get());
  if (!coordinator) return tl::unexpected(std::move(coordinator.error()));
  auto agents = make_end({"agent", "pods of run " + run, hosts}, authority->get(), key.get());
  if (!agents) return tl::unexpected(std::move(agents.error()));
  return RunIdentities{std::move(*coordinator), std::move(*agents)};
}

}  // namespace plumbline::agent
