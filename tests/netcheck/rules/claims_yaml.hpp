#pragma once

#include <string>

#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// Facts of the claims alone, read from YAML documents as `plumbline check` would.
Facts claims_of(const std::string& yaml);

/// A ResourceSlice of one device a line: "NAME ATTRIBUTE=VALUE ..."; whole numbers are ints,
/// "[a b]" lists of strings. The pool is the node.
std::string slice_yaml(const std::string& driver, const std::string& node,
                       const std::string& devices);

/// A bound, running pod with labels ("a: b, c: d") and annotations.
std::string pod_yaml(const std::string& name, const std::string& node, const std::string& labels,
                     const std::string& annotations = "");

/// A Node with labels.
std::string node_yaml(const std::string& name, const std::string& labels);

}  // namespace plumbline::netcheck
