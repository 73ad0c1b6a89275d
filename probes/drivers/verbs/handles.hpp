#pragma once

#include <infiniband/verbs.h>

#include <memory>
#include <string>

#include "core/result.hpp"

namespace plumbline::probes {

/// Gives libibverbs' handles back. Owners destroy in the order queue pair, completion queue,
/// channel, memory, domain, device: members of a class stand the other way round.
struct VerbsRelease {
  void operator()(ibv_context* handle) const { static_cast<void>(ibv_close_device(handle)); }
  void operator()(ibv_pd* handle) const { static_cast<void>(ibv_dealloc_pd(handle)); }
  void operator()(ibv_comp_channel* handle) const {
    static_cast<void>(ibv_destroy_comp_channel(handle));
  }
  void operator()(ibv_cq* handle) const { static_cast<void>(ibv_destroy_cq(handle)); }
  void operator()(ibv_qp* handle) const { static_cast<void>(ibv_destroy_qp(handle)); }
  void operator()(ibv_mr* handle) const { static_cast<void>(ibv_dereg_mr(handle)); }
};
template <typename T>
using Handle = std::unique_ptr<T, VerbsRelease>;

/// Opens a device by name. The error says whether libibverbs does not know it (its provider library
/// is missing), its uverbs node is not there, or it may not be opened.
Result<Handle<ibv_context>> open_device(const std::string& name);

/// An error of verbs while `doing`, with the limit that the kernel says it by: ENOMEM with that of
/// locked memory, EAGAIN with that of the rdma cgroup, where there is one.
tl::unexpected<Error> verbs_failed(int error_number, const std::string& doing);

}  // namespace plumbline::probes
