#pragma once

#include <cstdint>
#include <string>

#include "core/result.hpp"
#include "probes/drivers/fake/fake_region.hpp"

namespace plumbline::probes {

/// Described memory that two processes share: what lies in it goes through a file of the temporary
/// directory, since neither holds bytes.
struct FakeShare {
  std::string name;        ///< of the file; letters, digits and dashes
  std::string uuid;        ///< the GPU that it lies on
  std::uint64_t size = 0;  ///< bytes
  std::string domain;      ///< "cluster.clique" of a fabric handle; empty: by IPC
};

/// "fake NAME UUID SIZE [DOMAIN]", and back; an error for anything else.
std::string share_words(const FakeShare& share);
Result<FakeShare> read_share_words(const std::string& words);

/// Writes what lies in a region, for the other process.
Status save_share(const std::string& name, const FakeRegion& region);
/// Reads it into a region; nothing happens when nobody has written.
Status load_share(const std::string& name, FakeRegion& region);
/// Counts bytes that came into the region from outside: only who opened it does.
Status add_received(const std::string& name, std::uint64_t bytes);
/// How many came so far; 0 before the first.
std::uint64_t received_of(const std::string& name);
/// Takes the files away.
void remove_share(const std::string& name);

}  // namespace plumbline::probes
