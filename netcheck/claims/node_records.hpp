#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/model/holdings.hpp"
#include "core/model/measurement.hpp"
#include "core/model/topology.hpp"
#include "core/result.hpp"

namespace plumbline::netcheck::claims {

/// What a bundle recorded of one node; a part that it did not record is absent.
struct NodeRecord {
  std::string node;
  std::optional<Topology> topology;
  std::optional<NodeHoldings> holdings;
};

/// The nodes that a bundle recorded (nodes/*.topology.json, nodes/*.holdings.json), by name. None
/// when it has no such folder; a record that cannot be read is an error that names its file.
Result<std::vector<NodeRecord>> read_node_records(const std::filesystem::path& bundle);

/// What the bundle recorded of measurements (measurements.jsonl, one outcome a line). None when it
/// has no such file; a line that cannot be read is an error that names the file.
Result<std::vector<Outcome>> read_measurements(const std::filesystem::path& bundle);

}  // namespace plumbline::netcheck::claims
