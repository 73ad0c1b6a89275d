#pragma once

#include "core/json/tree.hpp"

namespace plumbline::json {

/// The report's part "workloads".
Tree tree_of(const Workloads& workloads);
/// The same, read.
Workloads read_workloads(const Fields& fields);

}  // namespace plumbline::json
