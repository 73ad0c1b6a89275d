#pragma once

#include <string>

#include "core/result.hpp"

namespace plumbline::collectives {

/// The one check of MPI's return codes: its words behind what was called.
Status check_mpi(int code, const std::string& called);

}  // namespace plumbline::collectives
