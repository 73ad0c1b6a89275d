#pragma once

#include <filesystem>
#include <string>

#include "core/result.hpp"
#include "core/yaml_section.hpp"
#include "netcheck/fabric.hpp"

namespace plumbline::agent {

/// Reads rack_label and rails of a `fabric` section; what else may stand there, and done(), is the
/// caller's.
netcheck::Fabric read_fabric(YamlSection& fabric);

/// The fabric that a file declares: a stage file, of which only `schema` and `fabric` are read, or
/// what declared_text() wrote. Errors name the file, the line and the key.
Result<netcheck::Fabric> read_declared_fabric(const std::filesystem::path& path);

/// A declared fabric as a bundle keeps it (JSON, schema plumbline.declared/v1).
std::string declared_text(const netcheck::Fabric& fabric);

}  // namespace plumbline::agent
