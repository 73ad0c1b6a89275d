#pragma once

#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "netcheck/claims/api_client.hpp"

namespace plumbline::netcheck::claims {

/// What became of one run's objects.
struct Swept {
  std::string run;
  std::vector<std::string> deleted;  ///< "Job plumbline-x-gang"
  std::vector<std::string> left;     ///< what could not be, each with its reason
};

/// Deletes everything of one run, by its label and by the names that it gives: workloads of every
/// kind that the server serves, pods, claim templates, the Secret, and the Lease last, which goes
/// only when nothing else is left; waits for the pods to be gone. Trusts no garbage collection.
/// Without `secrets` none was made, and no right to delete one is needed.
Swept delete_run(ApiClient& client, Clock& clock, const std::string& name_space,
                 const std::string& run, Deadline deadline, bool secrets = true);

/// Deletes the Jobs and pods of one workload of a run, and no other.
Status delete_pods(ApiClient& client, const std::string& name_space, const std::string& run,
                   const std::string& workload, Deadline deadline);

/// Deletes the runs whose Leases have expired, or the one that is named whatever its Lease says.
/// Errors: Leases may not be read.
Result<std::vector<Swept>> sweep(ApiClient& client, Clock& clock, const std::string& name_space,
                                 const std::string& run, Deadline deadline);

}  // namespace plumbline::netcheck::claims
