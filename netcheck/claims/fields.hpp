#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plumbline::netcheck::claims {

/// One JSON object of a Kubernetes object, read field by field. What is absent or null reads as
/// empty; what has the wrong type reads as empty too and is the object's problem, with its path.
/// Borrows the JSON and the problem; a value otherwise.
class Fields {
 public:
  Fields(const nlohmann::json& value, std::string path, std::string& problem);

  /// True when the field is there and not null.
  bool has(std::string_view name) const;
  /// A text field.
  std::string text(std::string_view name) const;
  /// A text, or a number as text.
  std::string scalar(std::string_view name) const;
  /// A whole number.
  std::int64_t number(std::string_view name) const;
  /// true or false.
  bool flag(std::string_view name) const;
  /// An object below this one.
  Fields object(std::string_view name) const;
  /// A list of objects of at most 100000 elements.
  std::vector<Fields> list(std::string_view name) const;
  /// A list of texts of at most 100000 elements.
  std::vector<std::string> texts(std::string_view name) const;
  /// A list of texts, numbers or booleans, as texts, of at most 100000 elements.
  std::vector<std::string> scalars(std::string_view name) const;
  /// The members that are objects, by name, at most 100000; others are the object's problem.
  std::vector<std::pair<std::string, Fields>> members() const;
  /// The members that are texts or numbers, as texts, at most 100000.
  std::vector<std::pair<std::string, std::string>> text_members() const;
  /// The path of this object: "spec.devices[0]".
  const std::string& path() const { return path_; }
  /// Notes a problem of `name` ("" for this object) unless there is one already.
  void complain(std::string_view name, const std::string& what) const;

 private:
  const nlohmann::json* find(std::string_view name) const;
  std::string below(std::string_view name) const;
  bool list_fits(std::string_view name, const nlohmann::json* found) const;

  const nlohmann::json* value_;
  std::string path_;
  std::string* problem_;
};

}  // namespace plumbline::netcheck::claims
