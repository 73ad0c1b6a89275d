#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/model/holdings.hpp"
#include "core/model/measurement.hpp"
#include "core/model/topology.hpp"
#include "core/result.hpp"

namespace plumbline::netcheck::claims {

/// Writes a bundle: claims as they were listed, with the allowed fields only, and what nodes told.
/// Nothing is on disk before finish(). Movable.
class BundleWriter {
 public:
  /// `folder` must not exist or be empty; a name that means an archive (*.tar.gz, *.tgz) must not
  /// exist, and becomes one file. With `redact` names, UUIDs and addresses become
  /// pseudonyms.
  static Result<BundleWriter> open(std::filesystem::path folder, bool redact);
  BundleWriter(BundleWriter&&) noexcept;
  BundleWriter& operator=(BundleWriter&&) noexcept;
  ~BundleWriter();

  /// One page of a list, as the API server answered it; `resource` names its file.
  Status add_page(const std::string& resource, const nlohmann::json& page);
  /// What one node told of itself.
  Status add(const Topology& topology);
  /// What one node's kubelet answered.
  Status add(const NodeHoldings& holdings);
  /// What somebody declares of the fabric, a JSON text (declared.json).
  Status add_declared(const std::string& declared);
  /// What was measured.
  Status add(const Outcome& outcome);
  /// Writes everything; the number of files.
  Result<std::size_t> finish();

 private:
  struct State;
  explicit BundleWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace plumbline::netcheck::claims
