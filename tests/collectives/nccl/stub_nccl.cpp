// NCCL between threads of one process, over host memory: what the functions mean, done at once.
// STUB_VERSION is what it says of itself.
#include <nccl.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tests/collectives/nccl/stub_profiled.hpp"

namespace {

using Bytes = std::vector<char>;

/// Where the ranks of one id meet.
struct World {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::pair<int, int>, std::deque<Bytes>> letters;  ///< by sender and receiver
};

std::shared_ptr<World> world_of(const std::string& id) {
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<World>> worlds;
  const std::lock_guard lock(mutex);
  auto& world = worlds[id];
  if (!world) world = std::make_shared<World>();
  return world;
}

struct Letter {
  ncclComm_t comm;
  Bytes bytes;  ///< to send
  char* into;   ///< to receive
  std::size_t size;
  int peer;
};

struct Pending {
  int depth = 0;
  std::vector<Letter> sends;
  std::vector<Letter> receives;
};

Pending& pending() {
  thread_local Pending mine;
  return mine;
}

std::size_t size_of(ncclDataType_t type) {
  if (type == ncclFloat64 || type == ncclInt64 || type == ncclUint64) return 8;
  if (type == ncclFloat32 || type == ncclInt32 || type == ncclUint32) return 4;
  return type == ncclFloat16 || type == ncclBfloat16 ? 2 : 1;
}

}  // namespace

struct ncclComm {
  std::shared_ptr<World> world;
  int rank;
  int size;
  std::map<int, Bytes> scalars;
  StubProfiled profiled = {};
};

namespace {

ncclResult_t flush() {
  Pending done = std::move(pending());
  pending() = {};
  for (Letter& letter : done.sends) {
    World& world = *letter.comm->world;
    const std::lock_guard lock(world.mutex);
    world.letters[{letter.comm->rank, letter.peer}].push_back(std::move(letter.bytes));
    world.changed.notify_all();
  }
  for (const Letter& letter : done.receives) {
    World& world = *letter.comm->world;
    std::unique_lock lock(world.mutex);
    auto& queue = world.letters[{letter.peer, letter.comm->rank}];
    world.changed.wait(lock, [&] { return !queue.empty(); });
    std::copy(queue.front().begin(), queue.front().end(), letter.into);
    queue.pop_front();
  }
  return ncclSuccess;
}

/// Everybody's bytes, by rank.
std::vector<Bytes> gather_all(ncclComm_t comm, const void* from, std::size_t size) {
  std::vector<Bytes> all(static_cast<std::size_t>(comm->size), Bytes(size));
  for (int peer = 0; peer < comm->size; ++peer) {
    Bytes mine(static_cast<const char*>(from), static_cast<const char*>(from) + size);
    pending().sends.push_back({comm, std::move(mine), nullptr, size, peer});
    pending().receives.push_back(
        {comm, {}, all[static_cast<std::size_t>(peer)].data(), size, peer});
  }
  flush();
  return all;
}

template <typename T>
void reduce(std::vector<Bytes>& all, ncclRedOp_t how, const Bytes& scalar, int rank) {
  const std::size_t count = all[0].size() / sizeof(T);
  auto* const into = reinterpret_cast<T*>(all[0].data());
  static_cast<void>(scalar);
  static_cast<void>(rank);
  for (std::size_t other = 1; other < all.size(); ++other) {
    const auto* const from = reinterpret_cast<const T*>(all[other].data());
    for (std::size_t i = 0; i < count; ++i) {
      if (how == ncclProd)
        into[i] = static_cast<T>(into[i] * from[i]);
      else if (how == ncclMin)
        into[i] = std::min(into[i], from[i]);
      else if (how == ncclMax)
        into[i] = std::max(into[i], from[i]);
      else
        into[i] = static_cast<T>(into[i] + from[i]);
    }
  }
  for (std::size_t i = 0; how == ncclAvg && i < count; ++i)
    into[i] = static_cast<T>(into[i] / static_cast<T>(all.size()));
}

template <typename T>
void scale(Bytes& bytes, const Bytes& scalar) {
  T factor{};
  std::memcpy(&factor, scalar.data(), sizeof(T));
  auto* const values = reinterpret_cast<T*>(bytes.data());
  for (std::size_t i = 0; i < bytes.size() / sizeof(T); ++i)
    values[i] = static_cast<T>(values[i] * factor);
}

template <typename Visit>
void with_type(ncclDataType_t type, Visit visit) {
  if (type == ncclFloat32) visit(float{});
  if (type == ncclFloat64) visit(double{});
  if (type == ncclInt32) visit(std::int32_t{});
  if (type == ncclInt64) visit(std::int64_t{});
  if (type == ncclUint8) visit(std::uint8_t{});
}

/// The reduction of everybody's `count` elements.
Bytes reduced(ncclComm_t comm, const void* from, std::size_t count, ncclDataType_t type,
              ncclRedOp_t how) {
  const std::size_t size = count * size_of(type);
  Bytes mine(static_cast<const char*>(from), static_cast<const char*>(from) + size);
  const Bytes scalar = how >= ncclNumOps ? comm->scalars[how] : Bytes();
  with_type(type, [&](auto zero) {
    if (!scalar.empty()) scale<decltype(zero)>(mine, scalar);
  });
  auto all = gather_all(comm, mine.data(), size);
  if (size == 0) return {};
  with_type(type, [&](auto zero) { reduce<decltype(zero)>(all, how, scalar, comm->rank); });
  return all[0];
}

}  // namespace

// nccl.h fixes the parameters; what several functions end with has one name here.
#define STUB_REDUCTION \
  ncclDataType_t type, ncclRedOp_t how, ncclComm_t comm, cudaStream_t /*stream*/
#define STUB_ROOTED_REDUCTION \
  ncclDataType_t type, ncclRedOp_t how, int root, ncclComm_t comm, cudaStream_t  /*stream*/
#define STUB_ROOTED ncclDataType_t type, int root, ncclComm_t comm, cudaStream_t /*stream*/

extern "C" {
ncclResult_t ncclGetVersion(int* version) {
  *version = STUB_VERSION;
  return ncclSuccess;
}
#ifndef STUB_BARE
ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  static int given = 0;
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  std::memset(id->internal, 0, sizeof id->internal);
  const std::string text = "stub " + std::to_string(++given);
  std::copy(text.begin(), text.end(), id->internal);
  return ncclSuccess;
}
ncclResult_t ncclCommInitRankConfig(ncclComm_t* comm, int size, ncclUniqueId id, int rank,
                                    ncclConfig_t* config) {
  if (config->magic != 0xcafebeef || config->blocking != 0) return ncclInvalidArgument;
  *comm = new ncclComm{world_of(std::string(id.internal, sizeof id.internal)), rank, size, {}, {}};
  return ncclInProgress;
}
ncclResult_t ncclCommSplit(ncclComm_t /*comm*/, int /*color*/, int /*key*/, ncclComm_t* /*made*/,
                           ncclConfig_t* /*config*/) {
  return ncclInternalError;
}
ncclResult_t ncclCommDestroy(ncclComm_t comm) {
  delete comm;
  return ncclSuccess;
}
ncclResult_t ncclCommAbort(ncclComm_t comm) { return ncclCommDestroy(comm); }
ncclResult_t ncclCommGetAsyncError(ncclComm_t /*comm*/, ncclResult_t* error) {
  *error = ncclSuccess;
  return ncclSuccess;
}
const char* ncclGetErrorString(ncclResult_t /*result*/) { return "a stub's error"; }
const char* ncclGetLastError(ncclComm_t /*comm*/) { return ""; }
ncclResult_t ncclRedOpCreatePreMulSum(ncclRedOp_t* made, void* scalar, ncclDataType_t type,
                                      ncclScalarResidence_t /*where*/, ncclComm_t comm) {
  const int id = ncclNumOps + static_cast<int>(comm->scalars.size());
  const auto* const bytes = static_cast<const char*>(scalar);
  comm->scalars[id] = Bytes(bytes, bytes + size_of(type));
  *made = static_cast<ncclRedOp_t>(id);
  return ncclSuccess;
}
ncclResult_t ncclRedOpDestroy(ncclRedOp_t which, ncclComm_t comm) {
  comm->scalars.erase(which);
  return ncclSuccess;
}
ncclResult_t ncclAllReduce(const void* from, void* into, size_t count, STUB_REDUCTION) {
  const Bytes result = reduced(comm, from, count, type, how);
  comm->profiled.tell(result.size());
  std::copy(result.begin(), result.end(), static_cast<char*>(into));
  return ncclSuccess;
}
ncclResult_t ncclReduce(const void* from, void* into, size_t count, STUB_ROOTED_REDUCTION) {
  const Bytes result = reduced(comm, from, count, type, how);
  if (comm->rank == root) std::copy(result.begin(), result.end(), static_cast<char*>(into));
  return ncclSuccess;
}
ncclResult_t ncclReduceScatter(const void* from, void* into, size_t count, STUB_REDUCTION) {
  const std::size_t block = count * size_of(type);
  const Bytes all = reduced(comm, from, count * static_cast<std::size_t>(comm->size), type, how);
  const auto* const mine = all.data() + block * static_cast<std::size_t>(comm->rank);
  if (block > 0) std::copy(mine, mine + block, static_cast<char*>(into));
  return ncclSuccess;
}
ncclResult_t ncclAllGather(const void* from, void* into, size_t count, ncclDataType_t type,
                           ncclComm_t comm, cudaStream_t /*stream*/) {
  const std::size_t block = count * size_of(type);
  const auto all = gather_all(comm, from, block);
  for (std::size_t peer = 0; peer < all.size(); ++peer)
    std::copy(all[peer].begin(), all[peer].end(), static_cast<char*>(into) + peer * block);
  return ncclSuccess;
}
ncclResult_t ncclBroadcast(const void* from, void* into, size_t count, STUB_ROOTED) {
  const auto all = gather_all(comm, from, count * size_of(type));
  const Bytes& roots = all[static_cast<std::size_t>(root)];
  std::copy(roots.begin(), roots.end(), static_cast<char*>(into));
  return ncclSuccess;
}
ncclResult_t ncclSend(const void* from, size_t count, ncclDataType_t type, int peer,
                      ncclComm_t comm, cudaStream_t /*stream*/) {
  const auto* const bytes = static_cast<const char*>(from);
  const std::size_t size = count * size_of(type);
  pending().sends.push_back({comm, Bytes(bytes, bytes + size), nullptr, size, peer});
  return pending().depth > 0 ? ncclSuccess : flush();
}
ncclResult_t ncclRecv(void* into, size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                      cudaStream_t /*stream*/) {
  pending().receives.push_back({comm, {}, static_cast<char*>(into), count * size_of(type), peer});
  return pending().depth > 0 ? ncclSuccess : flush();
}
ncclResult_t ncclGroupStart() {
  ++pending().depth;
  return ncclSuccess;
}
ncclResult_t ncclGroupEnd() { return --pending().depth > 0 ? ncclSuccess : flush(); }
#endif
#if STUB_VERSION >= 21900
ncclResult_t ncclMemAlloc(void** memory, size_t size) {
  *memory = std::malloc(size);
  return ncclSuccess;
}
ncclResult_t ncclMemFree(void* memory) {
  std::free(memory);
  return ncclSuccess;
}
ncclResult_t ncclCommRegister(const ncclComm_t /*comm*/, void* memory, size_t /*size*/,
                              void** handle) {
  *handle = memory;
  return ncclSuccess;
}
ncclResult_t ncclCommDeregister(const ncclComm_t /*comm*/, void* /*handle*/) { return ncclSuccess; }
#endif
}  // extern "C"
