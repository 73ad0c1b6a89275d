#include "netcheck/claims/bundle.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "core/files.hpp"
#include "netcheck/claims/bundle_files.hpp"
#include "netcheck/claims/documents.hpp"
#include "netcheck/claims/gather.hpp"

namespace plumbline::netcheck::claims {
namespace {

namespace fs = std::filesystem;
using namespace std::string_view_literals;
constexpr std::size_t kMostFileBytes = 512U << 20U;
constexpr std::size_t kMostBundleBytes = 1U << 30U;

Writing writing_of(const fs::path& file) {
  if (file.extension() == ".yaml" || file.extension() == ".yml") return Writing::yaml;
  return file.extension() == ".json" ? Writing::json : Writing::unknown;
}

/// `name` is the file's in the bundle: warnings are the same wherever the bundle lies.
Status add_file(Gatherer& gatherer, const fs::path& file, const std::string& name,
                const std::string& text) {
  auto documents = parse_documents(text, writing_of(file));
  if (!documents) return pass_up(std::move(documents.error()), name);
  for (const nlohmann::json& document : *documents) {
    if (auto added = gatherer.add(document, name, documents->size() == 1); !added) return added;
  }
  return {};
}

Result<std::string> text_of(const fs::path& file) {
  std::error_code unknown;
  if (fs::file_size(file, unknown) > kMostFileBytes && !unknown) {
    return fail(ErrorCode::invalid_input, file.filename().string() + " is over 512 MiB");
  }
  return read_file(file, kMostFileBytes);
}

/// False for a text that surely lost nothing of which rules conclude from absence: a chart's
/// template among recorded objects, say.
bool may_hold_claims(std::string_view text) {
  constexpr std::array<std::string_view, 8> kSigns{"ResourceSlice", "kind: Pod\n", "kind: Pod\r",
                                                   "\"Pod\"",       "PodList",     "kind: List",
                                                   "\"List\"",      "\0"sv};
  return std::any_of(kSigns.begin(), kSigns.end(), [&](std::string_view sign) {
    return text.find(sign) != std::string_view::npos;
  });
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
  struct Problems {
    std::vector<std::string> told;
    bool lost_claims = false;
  };

  /// What of one file could not be used is a problem of the bundle, no end of it.
  void read_one(const fs::path& file, Gatherer& gatherer, std::size_t& bytes,
                Problems& problems) const {
    const auto text = text_of(file);
    bytes += text ? text->size() : 0;
    const std::string name =
        (file == directory_ ? file.filename() : file.lexically_relative(directory_)).string();
    const Status added =
        text ? add_file(gatherer, file, name, *text) : tl::unexpected(text.error());
    if (added) return;
    problems.told.push_back(added.error().message);
    problems.lost_claims = problems.lost_claims || !text || may_hold_claims(*text);
  }

  Result<AllocationView> read(Deadline deadline) const {
    auto found = bundle_files(directory_);
    if (!found) return tl::unexpected(std::move(found.error()));
    Gatherer gatherer;
    std::size_t bytes = 0;
    const std::size_t passed_over = found->problems.size();
    Problems problems{std::move(found->problems), passed_over > 0};
    for (const fs::path& file : found->files) {
      if (deadline.passed()) return fail(ErrorCode::deadline_exceeded, "not read in time");
      read_one(file, gatherer, bytes, problems);
      if (bytes > kMostBundleBytes) return fail(ErrorCode::invalid_input, "more than 1 GiB");
    }
    if (gatherer.seen() == 0 || problems.told.size() >= found->files.size() + passed_over) {
      return fail(ErrorCode::invalid_input, problems.told.empty()
                                                ? "no file in it holds a Kubernetes object"
                                                : std::move(problems.told.front()));
    }
    AllocationView view = gatherer.finish();
    view.whole = !problems.lost_claims;
    view.warnings.insert(view.warnings.begin(), problems.told.begin(), problems.told.end());
    return view;
  }

  fs::path directory_;
};

}  // namespace

std::unique_ptr<AllocationSource> open_bundle(fs::path directory) {
  return std::make_unique<Bundle>(std::move(directory));
}

}  // namespace plumbline::netcheck::claims
