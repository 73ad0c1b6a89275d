#pragma once

#include <filesystem>

#include "core/result.hpp"

namespace plumbline::agent {

/// Tells a runner that waits for a file (Sonobuoy's contract) that everything is over: packs the
/// regular files of `results` into plumbline.tar.gz beside `done`, then writes `done` with that
/// archive's absolute path, whole or not at all. Errors name the file.
Status write_done(const std::filesystem::path& done, const std::filesystem::path& results);

}  // namespace plumbline::agent
