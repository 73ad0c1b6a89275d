#pragma once

#include <string>
#include <vector>

#include "core/files.hpp"

namespace plumbline::probes {

/// The GPU that shares most of its PCI path with a function (`near`, a PCI address), of those at
/// `addresses`: below one switch before below one root, else the first. Empty for no GPU.
std::string nearest_gpu(const FileTree& root, const std::string& near,
                        const std::vector<std::string>& addresses);

}  // namespace plumbline::probes
