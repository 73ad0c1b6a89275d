#pragma once

// Inside core/json only.

#include "core/json/tree.hpp"
#include "core/model/rdma.hpp"

namespace plumbline::json {

Tree tree_of(const RdmaDevice& device);
Tree tree_of(const RdmaHost& host);
RdmaDevice read_rdma_device(const Fields& fields);
RdmaHost read_rdma_host(const Fields& fields);

}  // namespace plumbline::json
