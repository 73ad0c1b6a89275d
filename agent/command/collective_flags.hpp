#pragma once

#include <CLI/CLI.hpp>

#include "agent/collective/collective_line.hpp"

namespace plumbline::agent {

/// nccl-tests' flags, by its letters and words. Those that this program does not do are refused in
/// one line that names the flag and says why; their neutral value is taken.
void add_their_flags(CLI::App& command, CollectiveLine& line);

/// The flags of `plumbline collective` that nccl-tests has not.
void add_our_flags(CLI::App& command, CollectiveLine& line);

}  // namespace plumbline::agent
