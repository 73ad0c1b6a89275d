#include "agent/wire/fields.hpp"

namespace plumbline::agent {
namespace {

using Json = nlohmann::json;
constexpr int kDeepest = 64;

}  // namespace

Fields::Fields(std::string_view text) {
  const auto shallow = [](int depth, Json::parse_event_t, Json&) { return depth <= kDeepest; };
  object_ = Json::parse(text, shallow, false);
  if (!object_.is_object()) problem_ = "the message is not a JSON object";
}

const Json* Fields::find(const char* name, bool needed) {
  if (!object_.is_object()) return nullptr;
  const auto found = object_.find(name);
  if (found != object_.end() && !found->is_null()) return &*found;
  if (needed && good()) problem_ = std::string("field \"") + name + "\" is missing";
  return nullptr;
}

void Fields::wrong(const char* name, const char* wanted) {
  if (good()) problem_ = std::string("field \"") + name + "\" is not " + wanted;
}

std::string Fields::text(const char* name) {
  const auto* const value = find(name, true);
  if (value == nullptr) return {};
  if (!value->is_string()) wrong(name, "a text");
  return value->is_string() ? value->get<std::string>() : std::string{};
}

std::string Fields::optional_text(const char* name) {
  return find(name, false) == nullptr ? std::string{} : text(name);
}

double Fields::number(const char* name) {
  const auto* const value = find(name, true);
  if (value == nullptr) return 0;
  if (!value->is_number()) wrong(name, "a number");
  return value->is_number() ? value->get<double>() : 0;
}

bool Fields::truth(const char* name) {
  const auto* const value = find(name, true);
  if (value == nullptr) return false;
  if (!value->is_boolean()) wrong(name, "true or false");
  return value->is_boolean() && value->get<bool>();
}

std::vector<std::string> Fields::texts(const char* name) {
  std::vector<std::string> list;
  const auto* const value = find(name, false);
  if (value == nullptr) return list;
  if (!value->is_array()) {
    wrong(name, "a list");
    return list;
  }
  for (const auto& element : *value) {
    if (!element.is_string()) wrong(name, "a list of texts");
    if (element.is_string()) list.push_back(element.get<std::string>());
  }
  return list;
}

std::string Fields::nested(const char* name) {
  const auto* const value = find(name, false);
  return value == nullptr ? std::string{} : dump(*value);
}

std::string Fields::needed(const char* name) {
  const auto* const value = find(name, true);
  return value == nullptr ? std::string{} : dump(*value);
}

tl::unexpected<Error> Fields::error() const { return fail(ErrorCode::invalid_input, problem_); }

std::string dump(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json parsed(const std::string& text) { return Json::parse(text, nullptr, false); }

}  // namespace plumbline::agent
