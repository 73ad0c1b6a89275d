#include "netcheck/claims/json_text.hpp"

#include <nlohmann/json.hpp>

namespace plumbline::netcheck::claims {

std::string text_of(const nlohmann::json& object, const char* name) {
  if (!object.is_object()) return {};
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace plumbline::netcheck::claims
