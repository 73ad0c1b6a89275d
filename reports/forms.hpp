#pragma once

#include <filesystem>
#include <string>

#include "core/model/report.hpp"
#include "core/result.hpp"

namespace plumbline::reports {

/// How a table is drawn.
struct TableStyle {
  bool colour = false;  ///< ANSI colours, for a terminal
  int width = 100;      ///< columns at most
};

/// The report as a person at a terminal reads it: verdict, culprit, proof, next step, then the
/// numbers. Control bytes in names are shown as '?'.
std::string table(const Report& report, const TableStyle& style);

/// JUnit XML, one suite level, as Sonobuoy and CI servers read it.
std::string junit(const Report& report);

/// One self-contained offline HTML page. Texts are set as text; the data is inert escaped JSON.
std::string html(const Report& report);

/// Writes report.json, report.html and fabric-junit.xml into `results`, each at once.
Status write_forms(const Report& report, const std::filesystem::path& results);

}  // namespace plumbline::reports
