#include "core/contract.hpp"
#include "probes/pod_of_process.hpp"
#include "tests/fuzz/survives.hpp"

/// The text of a process's cgroup, whose names others choose.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string uid = plumbline::probes::pod_uid_in(std::string(as_text(data, size)));
  plumbline::require(uid.empty() || uid.size() == 36 || uid.size() == 32, "a uid has its length");
  return 0;
}
