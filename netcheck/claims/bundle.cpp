#include "netcheck/claims/bundle.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <vector>

#include "core/files.hpp"
#include "netcheck/claims/documents.hpp"
#include "netcheck/claims/gather.hpp"

namespace plumbline::netcheck::claims {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kMostFiles = 1000;
constexpr std::size_t kMostFileBytes = 64U << 20U;
constexpr std::size_t kMostBundleBytes = 1U << 30U;

bool is_yaml(const fs::path& file) {
  return file.extension() == ".yaml" || file.extension() == ".yml";
}

/// The object files of a folder in the order of their names; a file is a bundle of one.
Result<std::vector<fs::path>> files_of(const fs::path& directory) {
  std::error_code problem;
  if (fs::is_regular_file(directory, problem)) return std::vector<fs::path>{directory};
  problem.clear();
  std::vector<fs::path> files;
  std::size_t entries = 0;
  fs::directory_iterator at(directory, problem);
  if (problem) return fail_errno(problem.value(), directory.string());
  for (; !problem && at != fs::directory_iterator(); at.increment(problem)) {
    const fs::path& file = at->path();
    if (++entries > kMostFiles) {
      return fail(ErrorCode::invalid_input, directory.string() + " holds more than 1000 files");
    }
    std::error_code ignored;
    if (at->is_symlink(ignored)) {
      return fail(ErrorCode::invalid_input, file.string() + " is a link; a bundle holds none");
    }
    if (file.extension() != ".json" && !is_yaml(file)) continue;
    if (!at->is_regular_file(ignored)) {
      return fail(ErrorCode::invalid_input, file.string() + " is not a regular file");
    }
    files.push_back(file);
  }
  if (problem) return fail_errno(problem.value(), directory.string());
  std::sort(files.begin(), files.end());
  return files;
}

Status add_file(Gatherer& gatherer, const fs::path& file, const std::string& text) {
  auto documents = is_yaml(file) ? parse_yaml(text) : parse_json(text);
  if (!documents) return pass_up(std::move(documents.error()), file.string());
  for (const nlohmann::json& document : *documents) {
    if (auto added = gatherer.add(document, file.filename().string()); !added) return added;
  }
  return {};
}

class Bundle final : public AllocationSource {
 public:
  explicit Bundle(fs::path directory) : directory_(std::move(directory)) {}

  Result<AllocationView> snapshot(Deadline deadline) override {
    auto view = read(deadline);
    if (!view) {
      return pass_up(std::move(view.error()), "reading the bundle " + directory_.string());
    }
    view->source = "bundle " + directory_.string();
    view->read_at = SystemClock().wall_time();
    return view;
  }

 private:
  Result<AllocationView> read(Deadline deadline) const {
    auto files = files_of(directory_);
    if (!files) return tl::unexpected(std::move(files.error()));
    Gatherer gatherer;
    std::size_t bytes = 0;
    for (const fs::path& file : *files) {
      if (deadline.passed()) return fail(ErrorCode::deadline_exceeded, "not read in time");
      auto text = read_file(file, kMostFileBytes);
      if (!text) return tl::unexpected(std::move(text.error()));
      bytes += text->size();
      if (bytes > kMostBundleBytes) return fail(ErrorCode::invalid_input, "more than 1 GiB");
      if (auto added = add_file(gatherer, file, *text); !added) {
        return tl::unexpected(std::move(added.error()));
      }
    }
    if (gatherer.seen() == 0) {
      return fail(ErrorCode::invalid_input, "no file in it holds a Kubernetes object");
    }
    return gatherer.finish();
  }

  fs::path directory_;
};

}  // namespace

std::unique_ptr<AllocationSource> open_bundle(fs::path directory) {
  return std::make_unique<Bundle>(std::move(directory));
}

}  // namespace plumbline::netcheck::claims
