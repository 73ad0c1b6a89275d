#pragma once

#include <filesystem>
#include <memory>

#include "netcheck/claims/allocation_source.hpp"

namespace plumbline::netcheck::claims {

/// A folder of Kubernetes objects as `kubectl get -o json|yaml` writes them (Lists or single
/// objects, in any file of bundle_files()), or one such file. A file that cannot be read or is over
/// 512 MiB, and a link, become warnings of a view that is not whole; when nothing else could be
/// read, or all is more than 1 GiB, an error.
std::unique_ptr<AllocationSource> open_bundle(std::filesystem::path directory);

}  // namespace plumbline::netcheck::claims
