#include "core/json/tree.hpp"

namespace plumbline::json {
namespace {

constexpr std::size_t kTextMost = 64U << 20U;
constexpr int kDepthMost = 64;

const Tree kEmptyObject = Tree::object();

/// Nesting depth, counted before the parser recurses.
bool too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char letter = text[at];
    if (in_string) {
      if (letter == '\\') ++at;
      in_string = letter != '"';
    } else if (letter == '"') {
      in_string = true;
    } else if (letter == '{' || letter == '[') {
      if (++depth > kDepthMost) return true;
    } else if (letter == '}' || letter == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace

Result<Tree> parse(std::string_view text) {
  if (text.size() > kTextMost) {
    return fail(ErrorCode::invalid_input, "the JSON text is larger than 64 MiB");
  }
  if (too_deep(text)) {
    return fail(ErrorCode::invalid_input, "the JSON text is nested deeper than 64");
  }
  Tree tree = Tree::parse(text, nullptr, false);
  if (tree.is_discarded()) return fail(ErrorCode::invalid_input, "this is not JSON");
  return tree;
}

std::string one_line(const Tree& tree) {
  return tree.dump(-1, ' ', false, Tree::error_handler_t::replace);
}

Fields Fields::object(const char* name) const {
  const Tree* const field = find(name);
  if (field == nullptr) complain(name, "there");
  return Fields(field == nullptr ? kEmptyObject : *field, where_ + name + ".", problem_);
}

bool Fields::has(const char* name) const {
  const Tree* const field = find(name);
  return field != nullptr && !field->is_null();
}

const Tree* Fields::find(const char* name) const {
  if (!tree_.is_object()) return nullptr;
  const auto found = tree_.find(name);
  return found == tree_.end() ? nullptr : &*found;
}

void Fields::complain(const char* name, const std::string& wanted) const {
  if (problem_) return;
  problem_ = Error{ErrorCode::invalid_input, "field \"" + where_ + name + "\" is not " + wanted};
}

std::vector<Tree> Fields::items(const char* name) const {
  const Tree* const field = find(name);
  if (field == nullptr || field->is_null()) return {};
  if (!field->is_array()) {
    complain(name, "a list");
    return {};
  }
  return {field->begin(), field->end()};
}

}  // namespace plumbline::json
