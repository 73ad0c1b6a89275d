#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/result.hpp"

namespace plumbline::netcheck::claims {

/// The object files of a bundle, and what lies in it that is passed over but must be said.
struct BundleFiles {
  std::vector<std::filesystem::path> files;  ///< in the order of their paths
  std::vector<std::string> problems;         ///< links, and things that are no regular files
};

/// Every *.json, *.yaml and *.yml below a folder, whatever the depth (must-gather keeps one object
/// a file, many folders deep); a file is a bundle of one. Left alone: hidden files and folders, and
/// what `plumbline collect` records of nodes (*.topology.json, *.holdings.json). Links are never
/// followed. Errors: no such folder, more than 51000 object files, 500000 entries.
Result<BundleFiles> bundle_files(const std::filesystem::path& bundle);

}  // namespace plumbline::netcheck::claims
