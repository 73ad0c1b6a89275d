#include "agent/command/done_file.hpp"

#include <algorithm>
#include <vector>

#include "core/files.hpp"
#include "netcheck/claims/archive.hpp"

namespace plumbline::agent {
namespace {

namespace fs = std::filesystem;

Result<std::vector<netcheck::claims::ArchivedFile>> read_folder(const fs::path& folder) {
  std::vector<netcheck::claims::ArchivedFile> files;
  std::error_code error;
  fs::recursive_directory_iterator entries(folder, error);
  for (; !error && entries != fs::recursive_directory_iterator(); entries.increment(error)) {
    if (!entries->is_regular_file(error) || entries->is_symlink(error)) continue;
    auto text = read_file(entries->path());
    if (!text) return tl::unexpected(std::move(text.error()));
    files.emplace_back(entries->path().lexically_relative(folder).string(), std::move(*text));
  }
  if (error) return fail_errno(error.value(), "reading the folder " + folder.string());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Status write_done(const fs::path& done, const fs::path& results) {
  auto files = read_folder(results);
  if (!files) return tl::unexpected(std::move(files.error()));
  auto packed = netcheck::claims::write_archive(*files);
  if (!packed) return tl::unexpected(std::move(packed.error()));
  std::error_code ignored;
  const fs::path archive = fs::absolute(done, ignored).parent_path() / "plumbline.tar.gz";
  if (auto written = write_file(archive, *packed); !written) return written;
  return write_file(done, archive.string());
}

}  // namespace plumbline::agent
