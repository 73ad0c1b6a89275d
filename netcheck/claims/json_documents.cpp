#include <nlohmann/json.hpp>
#include <string>

#include "netcheck/claims/documents.hpp"

namespace plumbline::netcheck::claims {
namespace {

/// Stops keeping values when there are too many or they are too deep.
struct Bounds {
  long values = 0;
  bool too_deep = false;

  bool keep(int depth) {
    too_deep = too_deep || depth > kMostDepth;
    return ++values <= kMostValues && !too_deep;
  }
};

}  // namespace

Result<std::vector<nlohmann::json>> parse_json(std::string_view text) {
  Bounds bounds;
  const auto keep = [&bounds](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    return bounds.keep(depth);
  };
  std::vector<nlohmann::json> documents;
  try {
    documents.push_back(nlohmann::json::parse(text, keep));
  } catch (const nlohmann::json::exception& error) {
    return fail(ErrorCode::invalid_input, std::string("is not JSON: ") + error.what());
  }
  if (bounds.too_deep) return fail(ErrorCode::invalid_input, "is nested deeper than 64");
  if (bounds.values > kMostValues) {
    return fail(ErrorCode::invalid_input, "holds more than 2000000 values");
  }
  return documents;
}

}  // namespace plumbline::netcheck::claims
