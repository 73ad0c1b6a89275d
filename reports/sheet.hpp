#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "reports/forms.hpp"

namespace plumbline::reports {

/// The ink of a piece of text; plain where no colour was asked for.
enum class Ink { plain, good, bad, doubtful, strong, faint };

/// The lines of a table while it is written: keeps the width, strips what a terminal must not get,
/// and colours only when asked. Every text given to it may come from other people's clusters.
class Sheet {
 public:
  /// An empty sheet. Widths under 40 columns are taken as 40.
  explicit Sheet(const TableStyle& style);
  /// One line as it is, cut at the width.
  void line(std::string_view text = {}, Ink ink = Ink::plain);
  /// Text wrapped at the width, every line `indent` columns in.
  void paragraph(std::size_t indent, std::string_view text, Ink ink = Ink::plain);
  /// A label and text that is wrapped behind it: "    claimed   ResourceSlice ...".
  void field(std::size_t indent, std::string_view label, std::string_view text);
  /// An empty line and a heading.
  void heading(std::string_view text);
  /// Adds text without ending the line; it must be safe, and fit.
  void ink(std::string_view text, Ink ink);
  /// Ends the line that ink() began.
  void end_line();
  /// Columns at most.
  std::size_t width() const { return width_; }
  /// All that was written; the sheet is empty afterwards.
  std::string take();

 private:
  bool colour_;
  std::size_t width_;
  std::string text_;
};

}  // namespace plumbline::reports
