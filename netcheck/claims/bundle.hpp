#pragma once

#include <filesystem>
#include <memory>

#include "netcheck/claims/allocation_source.hpp"

namespace plumbline::netcheck::claims {

/// A folder of Kubernetes objects as `kubectl get -o json|yaml` writes them (*.json, *.yaml, *.yml;
/// Lists or single objects, in any file), or one such file. Files over 64 MiB, more than 1000
/// files, and links are refused.
std::unique_ptr<AllocationSource> open_bundle(std::filesystem::path directory);

}  // namespace plumbline::netcheck::claims
