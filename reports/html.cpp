#include <array>
#include <string>
#include <string_view>

#include "core/json/codec.hpp"
#include "reports/forms.hpp"
#include "reports/page.hpp"

namespace plumbline::reports {
namespace {

struct Replacement {
  std::string_view from;
  std::string_view to;
};

/// In JSON these stand within strings only, so the data stays the same and no text can end the
/// element, open a comment or be taken for a line end by a script.
constexpr std::array<Replacement, 5> kInert{{{"<", "\\u003c"},
                                             {">", "\\u003e"},
                                             {"&", "\\u0026"},
                                             {"\xE2\x80\xA8", "\\u2028"},
                                             {"\xE2\x80\xA9", "\\u2029"}}};

const Replacement* replacement_at(std::string_view text) {
  for (const Replacement& one : kInert) {
    if (text.starts_with(one.from)) return &one;
  }
  return nullptr;
}

std::string made_inert(std::string_view json) {
  std::string text;
  text.reserve(json.size());
  while (!json.empty()) {
    const Replacement* found = replacement_at(json);
    text += found == nullptr ? json.substr(0, 1) : found->to;
    json.remove_prefix(found == nullptr ? 1 : found->from.size());
  }
  return text;
}

}  // namespace

std::string html(const Report& report) {
  std::string text(page::before_data);
  text += made_inert(json::encode(report));
  text += page::after_data;
  return text;
}

}  // namespace plumbline::reports
