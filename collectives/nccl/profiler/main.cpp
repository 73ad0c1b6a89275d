// The shared library that NCCL loads by NCCL_PROFILER_PLUGIN (2.23 and later): counts collectives,
// steps of the proxy and requests of the network into memory that plumbline-rank shares with it. It
// never fails a call of NCCL: without that memory it asks to be left out.

#include <cstdlib>
#include <type_traits>

#include "collectives/nccl/profiler/tables.hpp"
#include "collectives/nccl/profiler/tracker.hpp"

namespace plumbline::collectives {
namespace {

constexpr int kSuccess = 0;
constexpr int kInternalError = 3;  // ncclInternalError: NCCL goes on without this library
constexpr int kWanted = abi::kGroup | abi::kCollective | abi::kPointToPoint | abi::kProxyOperation |
                        abi::kProxyStep | abi::kNetwork;

int open_tracker(void** context, int* wanted) {
  if (context == nullptr || wanted == nullptr) return kInternalError;
  Tracker* const tracker = Tracker::open(std::getenv(kStepVariable));
  if (tracker == nullptr) return kInternalError;
  *context = tracker;
  *wanted = kWanted;
  return kSuccess;
}

int init1(void** context, int* wanted) { return open_tracker(context, wanted); }

/// What NCCL tells of the communicator itself is not read.
template <typename... Communicator>
int init4(void** context, int* wanted, Communicator... /*told*/) {
  return open_tracker(context, wanted);
}

template <typename... Communicator>
int init5(void** context, std::uint64_t /*id*/, int* wanted, Communicator... /*told*/) {
  return open_tracker(context, wanted);
}

template <typename Description>
int start(void* context, void** event, Description* description) {
  if (event == nullptr) return kSuccess;
  *event = nullptr;
  if (context == nullptr || description == nullptr) return kSuccess;
  Opening opening;
  opening.type = static_cast<int>(description->type);
  opening.parent = description->parent;
  if (opening.type == abi::kCollective) {
    const auto& chosen = description->collective;
    if constexpr (std::is_same_v<Description, abi::Description1>) {
      const bool known =
          chosen.algorithm < kAlgorithms.size() && chosen.protocol < kProtocols.size();
      opening.algorithm = known ? chosen.algorithm : -1;
      opening.protocol = known ? chosen.protocol : -1;
    } else {
      opening.algorithm = number_of_algorithm(chosen.algorithm);
      opening.protocol = number_of_protocol(chosen.protocol);
    }
  }
  if (opening.type == abi::kProxyOperation) opening.operation = &description->operation;
  if (opening.type == abi::kNetwork) opening.network = &description->network;
  *event = static_cast<Tracker*>(context)->begin(opening);
  return kSuccess;
}

int stop(void* event) {
  auto* const tracked = static_cast<TrackedEvent*>(event);
  if (tracked != nullptr && tracked->owner != nullptr) tracked->owner->end(*tracked);
  return kSuccess;
}

int record(void* event, int state, abi::StateArguments* arguments) {
  auto* const tracked = static_cast<TrackedEvent*>(event);
  if (tracked != nullptr && tracked->owner != nullptr && tracked->live)
    tracked->owner->record(*tracked, state, arguments == nullptr ? 0 : arguments->bytes);
  return kSuccess;
}

/// NCCL may still end an event of a communicator that it has given up.
int finalize(void* context) {
  if (context != nullptr) static_cast<Tracker*>(context)->close();
  return kSuccess;
}

template <typename Description, typename Init>
constexpr abi::Table<Description, Init> table(Init init) {
  return {"plumbline", init, start<Description>, stop, record, finalize};
}

}  // namespace
}  // namespace plumbline::collectives

// What NCCL looks for, the newest that it knows first.
extern "C" {
[[gnu::visibility("default")]] extern const plumbline::collectives::abi::Table1 ncclProfiler_v1;
[[gnu::visibility("default")]] extern const plumbline::collectives::abi::Table2 ncclProfiler_v2;
[[gnu::visibility("default")]] extern const plumbline::collectives::abi::Table3 ncclProfiler_v3;
[[gnu::visibility("default")]] extern const plumbline::collectives::abi::Table4 ncclProfiler_v4;
[[gnu::visibility("default")]] extern const plumbline::collectives::abi::Table5 ncclProfiler_v5;
}

using namespace plumbline::collectives;  // NOLINT: the definitions below need their names
const abi::Table1 ncclProfiler_v1 = table<abi::Description1, abi::Init1>(init1);
const abi::Table2 ncclProfiler_v2 = table<abi::Description2, abi::Init1>(init1);
const abi::Table3 ncclProfiler_v3 = table<abi::Description3, abi::Init1>(init1);
const abi::Table4 ncclProfiler_v4 = table<abi::Description4, abi::Init4>(init4);
const abi::Table5 ncclProfiler_v5 = table<abi::Description5, abi::Init5>(init5);
