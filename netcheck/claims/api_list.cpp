#include "netcheck/claims/api_list.hpp"

#include <nlohmann/json.hpp>

#include "netcheck/claims/json_text.hpp"

namespace plumbline::netcheck::claims {
namespace {

constexpr int kMostRestarts = 3;
constexpr int kPageSize = 500;

std::string rest_of(const nlohmann::json& page) {
  const auto metadata = page.find("metadata");
  return metadata == page.end() ? "" : text_of(*metadata, "continue");
}

}  // namespace

std::string escaped(const std::string& text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '-' || c == '_' || c == '.';
    const auto byte = static_cast<unsigned char>(c);
    if (plain) {
      out += c;
    } else {
      out += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
  }
  return out;
}

Status list_pages(ApiClient& client, const std::string& path, const std::string& query,
                  Deadline deadline, const std::function<Status(const nlohmann::json&)>& page) {
  std::string next;
  for (int restarts = 0;;) {
    std::string whole = path + "?limit=" + std::to_string(kPageSize);
    if (!query.empty()) whole += "&" + query;
    if (!next.empty()) whole += "&continue=" + escaped(next);
    auto answer = client.get(whole, deadline);
    const bool expired = !answer && answer.error().code == ErrorCode::conflict && !next.empty();
    if (expired && ++restarts < kMostRestarts) {
      next.clear();
      continue;
    }
    if (!answer) return tl::unexpected(std::move(answer.error()));
    if (auto taken = page(*answer); !taken) return taken;
    next = rest_of(*answer);
    if (next.empty()) return {};
  }
}

}  // namespace plumbline::netcheck::claims
