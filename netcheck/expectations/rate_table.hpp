#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace plumbline::netcheck {

/// One figure with where it comes from.
struct RateRow {
  std::string what;  ///< pcie_lane | nvlink_link | host_copy | ...; rates.table explains each
  double of = 0;     ///< generation
  double value = 0;  ///< B/s, or a share
  std::string source;
  std::string date;  ///< when it was taken from there, "2026-08-01"
};

/// The table of rates. A value.
class RateTable {
 public:
  /// Reads a table's text. invalid_input names the line: fields that are missing, a value that is
  /// no number above zero, a share above one, a date of another form, a figure given twice.
  static Result<RateTable> parse(std::string_view text);
  /// The figure; null when there is none. 3.1 has those of 3: a generation's minor number changes
  /// no rate.
  const RateRow* find(std::string_view what, double of) const;
  const std::vector<RateRow>& rows() const { return rows_; }

 private:
  std::vector<RateRow> rows_;
};

/// The project's own table (netcheck/expectations/rates.table), in the program since it was built.
const RateTable& known_rates();

}  // namespace plumbline::netcheck
