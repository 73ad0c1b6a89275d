// write-sample-reports [--small] DIR: every sample in every written form, for tests that need files
// and for the eye; and as a page alone, 64 nodes with 8 rails. --small leaves the large ones out.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "core/json/codec.hpp"
#include "reports/forms.hpp"
#include "tests/reports/samples.hpp"

namespace {

bool write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  return file.good();
}

bool write_sample(const std::filesystem::path& folder, const plumbline::samples::Sample& sample) {
  const plumbline::Report& report = sample.report;
  const auto path = [&](const char* end) { return folder / (sample.name + end); };
  return write(path(".json"), plumbline::json::encode(report)) &&
         write(path(".html"), plumbline::reports::html(report)) &&
         write(path(".xml"), plumbline::reports::junit(report)) &&
         write(path(".txt"), plumbline::reports::table(report, {false, 100}));
}

}  // namespace

int main(int count, char** arguments) {
  const bool small = count == 3 && std::string(arguments[1]) == "--small";
  if (count != 2 && !small) {
    std::cerr << "usage: write-sample-reports [--small] DIR\n";
    return 64;
  }
  const std::filesystem::path folder = arguments[count - 1];
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  for (const auto& sample : plumbline::samples::all()) {
    if (small && sample.name == "large") continue;
    if (!write_sample(folder, sample)) {
      std::cerr << "cannot write " << sample.name << " into " << folder << '\n';
      return 70;
    }
  }
  const auto large = [] { return plumbline::reports::html(plumbline::samples::large(64, 8)); };
  return small || write(folder / "large-8.html", large()) ? 0 : 70;
}
