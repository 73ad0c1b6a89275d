#include <nlohmann/json.hpp>
#include <string>

#include "netcheck/claims/documents.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Json = nlohmann::json;

/// Stops keeping values when there are too many or they are too deep.
struct Bounds {
  long values = 0;
  bool too_deep = false;

  bool keep(int depth) {
    too_deep = too_deep || depth > kMostDepth;
    return ++values <= kMostValues && !too_deep;
  }
};

/// Where the first JSON value of a text ends, if it is an object or a list: the place after the
/// bracket that closes it, else the text's end.
std::size_t end_of_first(std::string_view text) {
  std::size_t open = 0;
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      at += c == '\\' ? 1 : 0;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++open;
    } else if ((c == '}' || c == ']') && open > 0 && --open == 0) {
      return at + 1;
    }
  }
  return text.size();
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace

Result<std::vector<Json>> parse_json(std::string_view text) {
  Bounds bounds;
  const auto keep = [&bounds](int depth, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::key && value == "managedFields") return false;
    return bounds.keep(depth);
  };
  std::vector<Json> documents;
  do {
    const std::size_t end = end_of_first(text);
    try {
      documents.push_back(Json::parse(text.substr(0, end), keep));
    } catch (const Json::exception& error) {
      return fail(ErrorCode::invalid_input, std::string("is not JSON: ") + error.what());
    }
    text.remove_prefix(end);
  } while (!is_blank(text) && !bounds.too_deep && bounds.values <= kMostValues);
  if (bounds.too_deep) return fail(ErrorCode::invalid_input, "is nested deeper than 64");
  if (bounds.values > kMostValues) {
    return fail(ErrorCode::invalid_input, "holds more than 10000000 values");
  }
  return documents;
}

}  // namespace plumbline::netcheck::claims
