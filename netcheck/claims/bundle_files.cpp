#include "netcheck/claims/bundle_files.hpp"

#include <algorithm>
#include <string_view>
#include <system_error>

namespace plumbline::netcheck::claims {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kMostFiles = 51'000;
constexpr std::size_t kMostEntries = 500'000;

bool holds_objects(const fs::path& file) {
  const fs::path ending = file.extension();
  const std::string name = file.filename().string();
  if (name.ends_with(".topology.json") || name.ends_with(".holdings.json")) return false;
  return ending == ".json" || ending == ".yaml" || ending == ".yml";
}

/// Takes one entry; false when what is below it is not looked at.
bool take(const fs::directory_entry& entry, BundleFiles& found) {
  std::error_code ignored;
  const std::string name = entry.path().filename().string();
  if (name.starts_with('.')) return false;
  if (entry.is_symlink(ignored)) {
    const bool lost = holds_objects(entry.path()) || entry.is_directory(ignored);
    if (lost) found.problems.push_back(entry.path().string() + " is a link, which is not followed");
    return false;
  }
  if (entry.is_directory(ignored) || !holds_objects(entry.path())) return true;
  if (entry.is_regular_file(ignored)) {
    found.files.push_back(entry.path());
  } else {
    found.problems.push_back(entry.path().string() + " is not a regular file");
  }
  return true;
}

}  // namespace

Result<BundleFiles> bundle_files(const fs::path& bundle) {
  std::error_code problem;
  BundleFiles found;
  if (fs::is_regular_file(bundle, problem)) {
    found.files.push_back(bundle);
    return found;
  }
  problem.clear();
  std::size_t entries = 0;
  fs::recursive_directory_iterator at(bundle, fs::directory_options::skip_permission_denied,
                                      problem);
  if (problem) return fail_errno(problem.value(), bundle.string());
  for (; !problem && at != fs::recursive_directory_iterator(); at.increment(problem)) {
    if (!take(*at, found)) at.disable_recursion_pending();
    if (++entries > kMostEntries || found.files.size() > kMostFiles) {
      return fail(ErrorCode::invalid_input, bundle.string() + " holds more than " +
                                                (entries > kMostEntries ? "500000" : "51000") +
                                                " files");
    }
  }
  if (problem) return fail_errno(problem.value(), bundle.string());
  std::sort(found.files.begin(), found.files.end());
  std::sort(found.problems.begin(), found.problems.end());
  return found;
}

}  // namespace plumbline::netcheck::claims
