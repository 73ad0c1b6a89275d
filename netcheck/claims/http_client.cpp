#include "netcheck/claims/http_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

namespace plumbline::netcheck::claims {
namespace {

constexpr std::size_t kMostBody = 256U << 20U;
constexpr long kConnectMs = 10'000;

/// curl_global_init is wanted once, before any handle.
bool curl_ready() {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return ready;
}

curl_blob blob_of(std::string& text) { return {text.data(), text.size(), CURL_BLOB_COPY}; }

/// host and port of "https://host:port".
struct Place {
  std::string scheme;
  std::string host;
  std::string port;
};

Place place_of(const std::string& server) {
  Place place;
  const auto rest_at = server.find("://") + 3;
  place.scheme = server.substr(0, rest_at);
  std::string rest = server.substr(rest_at);
  rest = rest.substr(0, rest.find('/'));
  const auto colon = rest.rfind(':');
  const bool has_port = colon != std::string::npos && rest.find(']', colon) == std::string::npos;
  place.host = has_port ? rest.substr(0, colon) : rest;
  place.port = has_port ? rest.substr(colon + 1) : (place.scheme == "http://" ? "80" : "443");
  return place;
}

struct Transfer {
  std::string body;
  long retry_after_s = 0;
  bool too_big = false;
  bool stopped = false;
  CURL* handle = nullptr;
  const std::function<bool(std::string_view)>* sink = nullptr;
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t bytes = size * count;
  long status = 0;
  curl_easy_getinfo(transfer.handle, CURLINFO_RESPONSE_CODE, &status);
  if (*transfer.sink && status == 200) {
    if ((*transfer.sink)(std::string_view(data, bytes))) return bytes;
    transfer.stopped = true;
    return 0;
  }
  transfer.too_big = transfer.body.size() + bytes > kMostBody;
  if (transfer.too_big) return 0;
  transfer.body.append(data, bytes);
  return bytes;
}

/// libcurl calls it about once a second, whether or not anything comes.
int ask_sink(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (!*transfer.sink) return 0;
  long status = 0;
  curl_easy_getinfo(transfer.handle, CURLINFO_RESPONSE_CODE, &status);
  const std::string_view nothing = status == 200 ? std::string_view("") : std::string_view();
  if ((*transfer.sink)(nothing)) return 0;
  transfer.stopped = true;
  return 1;
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  std::string line(data, size * count);
  std::transform(line.begin(), line.end(), line.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  constexpr std::string_view name = "retry-after:";
  if (line.starts_with(name)) {
    const auto from = std::min(line.find_first_not_of(' ', name.size()), line.size());
    long seconds = 0;
    std::from_chars(line.data() + from, line.data() + line.size(), seconds);
    transfer.retry_after_s = std::clamp(seconds, 0L, 3600L);
  }
  return size * count;
}

ErrorCode code_of(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return ErrorCode::deadline_exceeded;
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_URL_MALFORMAT:
      return ErrorCode::invalid_input;
    case CURLE_PEER_FAILED_VERIFICATION:
      return ErrorCode::permission_denied;
    default:
      return ErrorCode::unavailable;
  }
}

}  // namespace

struct HttpClient::State {
  CURL* handle = nullptr;
  curl_slist* connect_to = nullptr;
  ApiAccess access;
  Credentials credentials;
  std::string base;
  std::array<char, CURL_ERROR_SIZE> problem{};

  ~State() {
    curl_slist_free_all(connect_to);
    if (handle != nullptr) curl_easy_cleanup(handle);
  }

  template <typename Value>
  void set(CURLoption option, Value value) {
    curl_easy_setopt(handle, option, value);
  }

  void set_trust() {
    if (access.insecure) {
      set(CURLOPT_SSL_VERIFYPEER, 0L);
      set(CURLOPT_SSL_VERIFYHOST, 0L);
    }
    // Read again by every new connection, so that a rotated authority counts.
    set(CURLOPT_CA_CACHE_TIMEOUT, 0L);
    if (!access.ca_data.empty()) {
      const curl_blob blob = blob_of(access.ca_data);
      set(CURLOPT_CAINFO_BLOB, &blob);
    } else if (!access.ca_file.empty()) {
      set(CURLOPT_CAINFO, access.ca_file.c_str());
    }
  }

  void set_identity() {
    std::string& certificate = credentials.certificate_data.empty() ? access.certificate_data
                                                                    : credentials.certificate_data;
    std::string& key =
        credentials.certificate_data.empty() ? access.key_data : credentials.key_data;
    if (!certificate.empty()) {
      const curl_blob blob = blob_of(certificate);
      set(CURLOPT_SSLCERT_BLOB, &blob);
    } else if (!access.certificate_file.empty()) {
      set(CURLOPT_SSLCERT, access.certificate_file.c_str());
    }
    if (!key.empty()) {
      const curl_blob blob = blob_of(key);
      set(CURLOPT_SSLKEY_BLOB, &blob);
    } else if (!access.key_file.empty()) {
      set(CURLOPT_SSLKEY, access.key_file.c_str());
    }
  }

  void set_route() {
    const Place place = place_of(access.server);
    base = access.server;
    if (!access.tls_server_name.empty()) {
      // The name that the certificate must have goes into the address; the way stays the server's.
      base = place.scheme + access.tls_server_name + ":" + place.port;
      const std::string way =
          access.tls_server_name + ":" + place.port + ":" + place.host + ":" + place.port;
      connect_to = curl_slist_append(nullptr, way.c_str());
      set(CURLOPT_CONNECT_TO, connect_to);
    }
    if (access.no_proxy) set(CURLOPT_NOPROXY, "*");
    if (!access.proxy.empty()) set(CURLOPT_PROXY, access.proxy.c_str());
  }

  /// Takes the headers. A body over 256 MiB is an error.
  Result<HttpAnswer> perform(const std::string& path, curl_slist* headers, Deadline deadline,
                             const std::function<bool(std::string_view)>& sink) {
    using std::chrono::milliseconds;
    const auto left = std::chrono::duration_cast<milliseconds>(deadline.moment() -
                                                               std::chrono::steady_clock::now());
    Transfer transfer;
    transfer.handle = handle;
    transfer.sink = &sink;
    const std::string url = base + path;
    if (!credentials.token.empty())
      headers = curl_slist_append(headers, ("Authorization: Bearer " + credentials.token).c_str());
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_HTTPHEADER, headers);
    set(CURLOPT_WRITEDATA, &transfer);
    set(CURLOPT_HEADERDATA, &transfer);
    set(CURLOPT_XFERINFODATA, &transfer);
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::min<std::int64_t>(left.count(), 3600'000)));
    problem.fill('\0');
    const bool in_time = left > milliseconds(0);
    const CURLcode code = in_time ? curl_easy_perform(handle) : CURLE_OPERATION_TIMEDOUT;
    curl_slist_free_all(headers);
    if (!in_time) return fail(ErrorCode::deadline_exceeded, "not asked in time");
    if (transfer.too_big) return fail(ErrorCode::invalid_input, "the answer is over 256 MiB");
    if (code != CURLE_OK && !transfer.stopped) {
      return fail(code_of(code), problem[0] == '\0' ? curl_easy_strerror(code) : problem.data());
    }
    HttpAnswer answer;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &answer.status);
    answer.body = std::move(transfer.body);
    answer.retry_after_s = transfer.retry_after_s;
    return answer;
  }

  void set_up() {
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    set(CURLOPT_CONNECTTIMEOUT_MS, kConnectMs);
    set(CURLOPT_ERRORBUFFER, problem.data());
    set(CURLOPT_USERAGENT, "plumbline");
    set(CURLOPT_ACCEPT_ENCODING, "");
    set(CURLOPT_WRITEFUNCTION, take_body);
    set(CURLOPT_HEADERFUNCTION, take_header);
    set(CURLOPT_XFERINFOFUNCTION, ask_sink);
    set(CURLOPT_NOPROGRESS, 0L);
    set_trust();
    set_identity();
    set_route();
  }
};

HttpClient::HttpClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

Result<HttpClient> HttpClient::open(const ApiAccess& access) {
  auto state = std::make_unique<State>();
  state->handle = curl_ready() ? curl_easy_init() : nullptr;
  if (state->handle == nullptr) return fail(ErrorCode::internal, "libcurl gives no handle");
  state->access = access;
  state->set_up();
  return HttpClient(std::move(state));
}

void HttpClient::use(const Credentials& credentials) {
  const bool certificate = !credentials.certificate_data.empty();
  state_->credentials = credentials;
  if (!certificate) return;
  state_->set_identity();
  // A connection that is open keeps its old identity.
  state_->set(CURLOPT_FRESH_CONNECT, 1L);
}

Result<HttpAnswer> HttpClient::get(const std::string& path, Deadline deadline,
                                   const std::function<bool(std::string_view)>& sink) {
  curl_slist* const headers = curl_slist_append(nullptr, "Accept: application/json");
  state_->set(CURLOPT_HTTPGET, 1L);
  state_->set(CURLOPT_CUSTOMREQUEST, static_cast<char*>(nullptr));
  return state_->perform(path, headers, deadline, sink);
}

Result<HttpAnswer> HttpClient::send(const std::string& method, const std::string& path,
                                    const std::string& type, const std::string& body,
                                    Deadline deadline) {
  curl_slist* headers = curl_slist_append(nullptr, "Accept: application/json");
  headers = curl_slist_append(headers, ("Content-Type: " + type).c_str());
  state_->set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  state_->set(CURLOPT_POSTFIELDS, body.c_str());
  state_->set(CURLOPT_CUSTOMREQUEST, method.c_str());
  return state_->perform(path, headers, deadline, {});
}

}  // namespace plumbline::netcheck::claims
