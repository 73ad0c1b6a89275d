#pragma once

// Inside core/json only.

#include "core/json/tree.hpp"
#include "core/model/inside.hpp"

namespace plumbline::json {

Tree tree_of(const InsideView& inside);
InsideView read_inside(const Fields& fields);

}  // namespace plumbline::json
