#include "netcheck/claims/fields.hpp"

#include <nlohmann/json.hpp>

namespace plumbline::netcheck::claims {
namespace {

using Json = nlohmann::json;
constexpr std::size_t kMostElements = 100'000;

const Json& no_object() {
  static const Json empty = Json::object();
  return empty;
}

}  // namespace

Fields::Fields(const Json& value, std::string path, std::string& problem)
    : value_(&value), path_(std::move(path)), problem_(&problem) {
  if (value.is_object()) return;
  if (!value.is_null())
    complain("", std::string("is of type ") + value.type_name() + ", not an object");
  value_ = &no_object();
}

void Fields::complain(std::string_view name, const std::string& what) const {
  if (problem_->empty()) *problem_ = below(name) + ": " + what;
}

std::string Fields::below(std::string_view name) const {
  if (name.empty()) return path_.empty() ? "the object" : path_;
  return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
}

const Json* Fields::find(std::string_view name) const {
  const auto found = value_->find(name);
  return found == value_->end() || found->is_null() ? nullptr : &*found;
}

bool Fields::has(std::string_view name) const { return find(name) != nullptr; }

std::string Fields::text(std::string_view name) const {
  const Json* found = find(name);
  if (found == nullptr) return {};
  if (found->is_string()) return found->get<std::string>();
  complain(name, std::string("is of type ") + found->type_name() + ", not text");
  return {};
}

std::string Fields::scalar(std::string_view name) const {
  const Json* found = find(name);
  return found != nullptr && found->is_number() ? found->dump() : text(name);
}

std::int64_t Fields::number(std::string_view name) const {
  const Json* found = find(name);
  if (found == nullptr) return 0;
  const bool fits = found->is_number_integer() &&
                    (!found->is_number_unsigned() || found->get<std::uint64_t>() <= INT64_MAX);
  if (fits) return found->get<std::int64_t>();
  complain(name, std::string("is of type ") + found->type_name() + ", not a whole number");
  return 0;
}

bool Fields::flag(std::string_view name) const {
  const Json* found = find(name);
  if (found == nullptr) return false;
  if (found->is_boolean()) return found->get<bool>();
  complain(name, std::string("is of type ") + found->type_name() + ", not true or false");
  return false;
}

Fields Fields::object(std::string_view name) const {
  const Json* found = find(name);
  return {found == nullptr ? no_object() : *found, below(name), *problem_};
}

bool Fields::list_fits(std::string_view name, const Json* found) const {
  if (found == nullptr) return false;
  if (!found->is_array()) {
    complain(name, std::string("is of type ") + found->type_name() + ", not a list");
    return false;
  }
  if (found->size() <= kMostElements) return true;
  complain(name, "has " + std::to_string(found->size()) + " elements, more than 100000");
  return false;
}

std::vector<Fields> Fields::list(std::string_view name) const {
  std::vector<Fields> elements;
  const Json* found = find(name);
  if (!list_fits(name, found)) return elements;
  for (std::size_t i = 0; i < found->size(); ++i) {
    elements.emplace_back((*found)[i], below(name) + "[" + std::to_string(i) + "]", *problem_);
  }
  return elements;
}

std::vector<std::string> Fields::texts(std::string_view name) const {
  std::vector<std::string> elements;
  const Json* found = find(name);
  if (!list_fits(name, found)) return elements;
  for (const Json& element : *found) {
    if (element.is_string()) {
      elements.push_back(element.get<std::string>());
    } else {
      complain(name, std::string("holds a ") + element.type_name() + " among texts");
    }
  }
  return elements;
}

std::vector<std::string> Fields::scalars(std::string_view name) const {
  std::vector<std::string> elements;
  const Json* found = find(name);
  if (!list_fits(name, found)) return elements;
  for (const Json& element : *found) {
    if (element.is_string()) {
      elements.push_back(element.get<std::string>());
    } else if (element.is_number() || element.is_boolean()) {
      elements.push_back(element.dump());
    } else {
      complain(name, std::string("holds a ") + element.type_name() + " among values");
    }
  }
  return elements;
}

std::vector<std::pair<std::string, Fields>> Fields::members() const {
  std::vector<std::pair<std::string, Fields>> members;
  if (value_->size() > kMostElements) {
    complain("", "has more than 100000 members");
    return members;
  }
  for (const auto& [name, value] : value_->items()) {
    members.emplace_back(name, Fields(value, below(name), *problem_));
  }
  return members;
}

std::vector<std::pair<std::string, std::string>> Fields::text_members() const {
  std::vector<std::pair<std::string, std::string>> members;
  if (value_->size() > kMostElements) {
    complain("", "has more than 100000 members");
    return members;
  }
  for (const auto& [name, value] : value_->items()) {
    if (value.is_string()) {
      members.emplace_back(name, value.get<std::string>());
    } else if (value.is_number()) {
      members.emplace_back(name, value.dump());
    } else {
      complain(name, std::string("is of type ") + value.type_name() + ", not text");
    }
  }
  return members;
}

}  // namespace plumbline::netcheck::claims
