#pragma once

// Inside core/json only: the codec's own view of nlohmann-json.

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/model/report.hpp"
#include "core/model/topology.hpp"
#include "core/protocol/request.hpp"
#include "core/result.hpp"

namespace plumbline::json {

using Tree = nlohmann::ordered_json;

/// Text to tree within the codec's limits.
Result<Tree> parse(std::string_view text);
/// One line, invalid UTF-8 replaced.
std::string one_line(const Tree& tree);

/// The fields of one object while it is read. The first thing wrong is kept for the whole document,
/// reading goes on with defaults, and finish() tells.
class Fields {
 public:
  Fields(const Tree& tree, std::string where, std::optional<Error>& problem)
      : tree_(tree), where_(std::move(where)), problem_(problem) {
    if (!tree.is_object()) complain("", "an object");
  }

  /// A field that must be there.
  template <typename T>
  T get(const char* name) const {
    const Tree* const field = find(name);
    if (field == nullptr) {
      complain(name, "there");
      return T{};
    }
    return convert<T>(*field, name);
  }

  /// A field that may be absent or null.
  template <typename T>
  std::optional<T> maybe(const char* name) const {
    const Tree* const field = find(name);
    if (field == nullptr || field->is_null()) return std::nullopt;
    return convert<T>(*field, name);
  }

  /// A field with a default.
  template <typename T>
  T get_or(const char* name, T otherwise) const {
    return maybe<T>(name).value_or(std::move(otherwise));
  }

  /// A list of values; absent is empty.
  template <typename T>
  std::vector<T> list(const char* name) const {
    std::vector<T> values;
    for (const Tree& item : items(name))
      values.push_back(convert<T>(item, name));
    return values;
  }

  /// A list of objects, each read by `read(const Fields&)`; absent is empty.
  template <typename Read>
  auto objects(const char* name, Read read) const {
    std::vector<decltype(read(std::declval<const Fields&>()))> values;
    for (const Tree& item : items(name)) {
      values.push_back(read(Fields(item, where_ + name + "[].", problem_)));
    }
    return values;
  }

  /// An object of values; absent is empty.
  template <typename T>
  std::map<std::string, T> table(const char* name) const {
    std::map<std::string, T> values;
    const Tree* const field = find(name);
    if (field == nullptr || field->is_null()) return values;
    if (!field->is_object()) {
      complain(name, "an object");
      return values;
    }
    for (const auto& [key, item] : field->items()) {
      values.emplace(key, convert<T>(item, name));
    }
    return values;
  }

  /// A nested object; absent reads as an empty one with all its needed fields missing.
  Fields object(const char* name) const;
  bool has(const char* name) const;
  /// The raw field, or nothing.
  const Tree* find(const char* name) const;
  /// Keeps "field <where><name> is not <wanted>" unless something was wrong before.
  void complain(const char* name, const std::string& wanted) const;

 private:
  std::vector<Tree> items(const char* name) const;

  template <typename T>
  T convert(const Tree& field, const char* name) const {
    if constexpr (std::is_same_v<T, std::string>) {
      if (field.is_string()) return field.get<std::string>();
      complain(name, "a text");
    } else if constexpr (std::is_same_v<T, bool>) {
      if (field.is_boolean()) return field.get<bool>();
      complain(name, "true or false");
    } else if constexpr (std::is_floating_point_v<T>) {
      if (field.is_null()) return std::numeric_limits<T>::infinity();
      if (field.is_number()) return field.get<T>();
      complain(name, "a number");
    } else {
      if (whole<T>(field)) return field.get<T>();
      complain(name, "a whole number in range");
    }
    return T{};
  }

  template <typename T>
  static bool whole(const Tree& field) {
    if (field.is_number_unsigned()) {
      return field.get<std::uint64_t>() <=
             static_cast<std::uint64_t>(std::numeric_limits<T>::max());
    }
    if (!field.is_number_integer()) return false;
    const auto value = field.get<std::int64_t>();
    if constexpr (std::is_unsigned_v<T>) return value >= 0;
    return value >= static_cast<std::int64_t>(std::numeric_limits<T>::min());
  }

  const Tree& tree_;
  std::string where_;
  std::optional<Error>& problem_;
};

/// Parses `text`, reads it by `read`, and fails with the first thing wrong.
template <typename Read>
auto decode(std::string_view text, Read read)
    -> Result<decltype(read(std::declval<const Fields&>()))> {
  const auto tree = parse(text);
  if (!tree) return tl::unexpected(tree.error());
  std::optional<Error> problem;
  auto value = read(Fields(*tree, "", problem));
  if (problem) return tl::unexpected(*problem);
  return value;
}

/// A number as JSON has it: what is not finite is null.
inline Tree number(double value) { return std::isfinite(value) ? Tree(value) : Tree(nullptr); }

/// Sets a field only when there is a value.
template <typename T>
void put(Tree& tree, const char* name, const std::optional<T>& value) {
  if (value) tree[name] = *value;
}
inline void put_text(Tree& tree, const char* name, const std::string& value) {
  if (!value.empty()) tree[name] = value;
}

Tree tree_of(const Endpoint& end);
Tree tree_of(const Outcome& outcome);
Tree tree_of(const Topology& topology);
void put_link(Tree& tree, const PcieLink& link);
Tree tree_of(const GpuNode& node);
Tree tree_of(const ClaimRef& claim);
Tree tree_of(const ObjectMeta& meta);
ObjectMeta read_meta(const Fields& parent);
Tree tree_of(const NodeHoldings& holdings);
Endpoint read_endpoint(const Fields& fields);
Outcome read_outcome(const Fields& fields);
Topology read_topology(const Fields& fields);
PcieLink read_pcie(const Fields& fields);
GpuNode read_gpu_node(const Fields& fields);
ClaimRef read_claim_ref(const Fields& fields);
NodeHoldings read_holdings(const Fields& fields);
// Placements, domains, policies, fabrics and levels of a view.
void put_placements(Tree& tree, const AllocationView& view);
void read_placements(const Fields& fields, AllocationView& view);

/// A list of trees; `to_tree` is each file's own way to make one of an item.
template <typename Item, typename ToTree>
Tree list_of(const std::vector<Item>& items, ToTree to_tree) {
  Tree list = Tree::array();
  for (const auto& item : items)
    list.push_back(to_tree(item));
  return list;
}

}  // namespace plumbline::json
