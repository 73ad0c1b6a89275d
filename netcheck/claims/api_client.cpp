#include "netcheck/claims/api_client.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>

#include "netcheck/claims/documents.hpp"

namespace plumbline::netcheck::claims {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
constexpr int kMostTries = 5;
constexpr std::size_t kMostLine = 16U << 20U;
constexpr auto kTokenLife = seconds(60);

bool may_pass(const HttpAnswer& answer) { return answer.status == 429 || answer.status >= 500; }

/// What the server itself says of a refusal, on one line.
std::string words_of(const HttpAnswer& answer) {
  const auto said = parse_json(answer.body);
  std::string text;
  if (said && said->front().is_object()) {
    const auto message = said->front().find("message");
    if (message != said->front().end() && message->is_string()) text = message->get<std::string>();
  }
  if (text.empty()) text = "HTTP status " + std::to_string(answer.status);
  text.resize(std::min<std::size_t>(text.size(), 500));
  return text;
}

ErrorCode code_of(long status) {
  if (status == 401 || status == 403) return ErrorCode::permission_denied;
  if (status == 404) return ErrorCode::not_found;
  if (status == 410 || status == 409) return ErrorCode::conflict;
  if (status == 429 || status >= 500) return ErrorCode::unavailable;
  return ErrorCode::invalid_input;
}

std::string text_of(const nlohmann::json& object) {
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
    text.pop_back();
  return text;
}

}  // namespace

ApiClient::ApiClient(ApiAccess access, HttpClient http, Clock& clock)
    : access_(std::move(access)), http_(std::move(http)), clock_(&clock) {}

Result<ApiClient> ApiClient::open(ApiAccess access, Clock& clock, Deadline deadline) {
  auto http = HttpClient::open(access);
  if (!http) return tl::unexpected(std::move(http.error()));
  ApiClient client(std::move(access), std::move(*http), clock);
  if (auto renewed = client.renew(deadline); !renewed)
    return tl::unexpected(std::move(renewed.error()));
  return client;
}

Status ApiClient::renew(Deadline deadline) {
  Credentials credentials;
  credentials.token = access_.token;
  if (!access_.token_file.empty()) {
    auto token = read_file(access_.token_file, 1U << 20U);
    if (!token) return pass_up(std::move(token.error()), "reading the token");
    credentials.token = trimmed(std::move(*token));
  } else if (access_.exec) {
    auto given = run_exec_plugin(*access_.exec, access_.server, deadline);
    if (!given) return tl::unexpected(std::move(given.error()));
    credentials = std::move(*given);
  }
  http_.use(credentials);
  read_at_ = clock_->now();
  return {};
}

Status ApiClient::keep_fresh(Deadline deadline) {
  if (access_.token_file.empty() || clock_->now() - read_at_ < kTokenLife) return {};
  return renew(deadline);
}

void ApiClient::pause(int attempt, long asked_s, Deadline deadline) {
  std::random_device random;
  const auto grown = milliseconds(100) * (1 << attempt) + milliseconds(random() % 100);
  const auto wanted = asked_s > 0 ? std::max<milliseconds>(grown, seconds(asked_s)) : grown;
  clock_->wait_until(std::min(clock_->now() + wanted, deadline.moment()));
}

Result<HttpAnswer> ApiClient::ask(const std::function<Result<HttpAnswer>()>& request,
                                  Deadline deadline) {
  Result<HttpAnswer> answer = fail(ErrorCode::internal, "not asked");
  bool renewed = false;
  for (int attempt = 0; attempt < kMostTries; ++attempt) {
    if (auto fresh = keep_fresh(deadline); !fresh) return tl::unexpected(std::move(fresh.error()));
    answer = request();
    if (answer && answer->status == 401 && !renewed) {
      renewed = true;
      if (auto again = renew(deadline); !again) return tl::unexpected(std::move(again.error()));
      continue;
    }
    const bool lost = !answer && answer.error().code == ErrorCode::unavailable;
    if (!lost && !(answer && may_pass(*answer))) return answer;
    if (deadline.passed() || attempt + 1 == kMostTries) return answer;
    pause(attempt, answer ? answer->retry_after_s : 0, deadline);
  }
  return answer;
}

Result<nlohmann::json> ApiClient::get(const std::string& path, Deadline deadline) {
  const std::string doing = "GET " + access_.server + path.substr(0, path.find('?'));
  auto answer = ask([&] { return http_.get(path, deadline); }, deadline);
  if (!answer) return pass_up(std::move(answer.error()), doing);
  if (answer->status != 200) {
    const std::string status = " (" + std::to_string(answer->status) + ")";
    return fail(code_of(answer->status), doing + ": " + words_of(*answer) + status);
  }
  auto documents = parse_json(answer->body);
  if (!documents) return pass_up(std::move(documents.error()), doing);
  return std::move(documents->front());
}

Result<HttpAnswer> ApiClient::change(const char* doing, const char* method, const std::string& path,
                                     const char* type, const std::string& body, Deadline deadline) {
  const std::string what =
      std::string(doing) + " " + access_.server + path.substr(0, path.find('?'));
  auto answer = ask([&] { return http_.send(method, path, type, body, deadline); }, deadline);
  if (!answer) return pass_up(std::move(answer.error()), what);
  if (answer->status >= 200 && answer->status < 300) return answer;
  return fail(code_of(answer->status),
              what + ": " + words_of(*answer) + " (" + std::to_string(answer->status) + ")");
}

Status ApiClient::apply(const std::string& path, const nlohmann::json& object, Deadline deadline) {
  // JSON is YAML, and this is the content type that every version takes.
  const auto answer = change("applying", "PATCH", path + "?fieldManager=plumbline&force=true",
                             "application/apply-patch+yaml", text_of(object), deadline);
  return answer ? Status() : tl::unexpected(answer.error());
}

Result<nlohmann::json> ApiClient::create(const std::string& collection,
                                         const nlohmann::json& object, Deadline deadline) {
  const auto answer = change("creating in", "POST", collection + "?fieldManager=plumbline",
                             "application/json", text_of(object), deadline);
  if (!answer) return tl::unexpected(answer.error());
  auto documents = parse_json(answer->body);
  if (!documents) return pass_up(std::move(documents.error()), "creating in " + collection);
  return std::move(documents->front());
}

Status ApiClient::remove(const std::string& path, Deadline deadline) {
  const auto answer = change("deleting", "DELETE", path + "?propagationPolicy=Background",
                             "application/json", "", deadline);
  const bool gone = answer || answer.error().code == ErrorCode::not_found;
  return gone ? Status() : tl::unexpected(answer.error());
}

Status ApiClient::watch(const std::string& path,
                        const std::function<bool(const std::string&)>& take,
                        const std::function<bool(bool)>& idle, Deadline deadline) {
  const std::string doing = "watching " + access_.server + path.substr(0, path.find('?'));
  std::string rest;
  bool too_long = false;
  const auto sink = [&](std::string_view piece) {
    if (piece.empty()) return idle(piece.data() != nullptr);
    rest.append(piece);
    for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
      const std::string line = rest.substr(0, end);
      rest.erase(0, end + 1);
      if (!line.empty() && !take(line)) return false;
    }
    too_long = rest.size() > kMostLine;
    return !too_long;
  };
  for (bool renewed = false;; renewed = true) {
    if (auto fresh = keep_fresh(deadline); !fresh) return fresh;
    const auto answer = http_.get(path, deadline, sink);
    if (too_long) return fail(ErrorCode::invalid_input, doing + ": a line is over 16 MiB");
    if (!answer) return pass_up(Error(answer.error()), doing);
    if (answer->status == 200) return {};
    if (answer->status == 401 && !renewed) {
      if (auto again = renew(deadline); !again) return again;
      continue;
    }
    return fail(code_of(answer->status),
                doing + ": " + words_of(*answer) + " (" + std::to_string(answer->status) + ")");
  }
}

}  // namespace plumbline::netcheck::claims
