#pragma once

#include <cstddef>
#include <cstdint>

// NCCL's profiler interface as its releases lay it out in memory, versions 1 (NCCL 2.23) to 5
// (2.28; newer releases take it too). Our own declarations of the published layout
// (NVIDIA/nccl, src/include/plugin/profiler), as far as they are read: docs/decisions/0035.

namespace plumbline::collectives::abi {

/// Bits of an event's type, and of the mask of wanted types.
enum EventType : int {
  kGroup = 1 << 0,
  kCollective = 1 << 1,
  kPointToPoint = 1 << 2,
  kProxyOperation = 1 << 3,
  kProxyStep = 1 << 4,
  kNetwork = 1 << 7
};

/// States of an event: of an operation of the proxy (versions 1 to 3), of one of its steps.
enum EventState : int {
  kOperationSent = 2,
  kOperationReceived = 5,
  kStepSendGpuWait = 8,
  kStepSendWait = 9,
  kStepReceiveWait = 10,
  kStepFlushWait = 11,
  kStepReceiveGpuWait = 12,
  kStepSendPeerWait = 20
};

/// Who a network event is from: bits 16 and up of its id.
enum NetworkKind : std::int64_t { kInfiniband = 1, kSocket = 2 };

/// The shared forms of an event's description.
struct ProxyOperation {
  int process;
  std::uint8_t channel;
  int peer;
  int steps;
  int chunk;
  int sends;
};
struct NetworkEvent {
  std::int64_t id;
  const void* data;
};

/// What a network event's data points to.
struct InfinibandEvent {
  std::uint8_t type;
  alignas(8) int device;  // the rest is a union, as wide as its widest member
  std::uint64_t request;
  int opcode;
  int queue_pair;
  std::size_t length;
};
struct SocketEvent {
  std::uint8_t type;
  alignas(8) int descriptor;
  int operation;
  std::size_t length;
};

/// Version 1: names are numbers.
struct Description1 {
  std::uint8_t type;
  void* parent;
  int rank;
  union {
    struct {
      const char* name;
      std::uint64_t communicator;
      std::uint64_t sequence;
      std::uint8_t function;
      const void* from;
      void* into;
      std::size_t count;
      int root;
      std::uint8_t element;
      std::uint32_t reduction;
      std::size_t traffic;
      std::uint8_t channels;
      std::uint8_t warps;
      std::uint8_t algorithm;
      std::uint8_t protocol;
    } collective;
    ProxyOperation operation;
    NetworkEvent network;
  };
};

/// Version 2.
struct Description2 {
  std::uint8_t type;
  void* parent;
  int rank;
  union {
    struct {
      const char* name;
      std::uint64_t communicator;
      std::uint64_t sequence;
      const char* function;
      const void* from;
      void* into;
      std::size_t count;
      int root;
      const char* element;
      std::size_t traffic;
      std::uint8_t channels;
      std::uint8_t warps;
      const char* algorithm;
      const char* protocol;
    } collective;
    ProxyOperation operation;
    NetworkEvent network;
  };
};

/// Version 3: without the traffic.
struct Description3 {
  std::uint8_t type;
  void* parent;
  int rank;
  union {
    struct {
      const char* name;
      std::uint64_t communicator;
      std::uint64_t sequence;
      const char* function;
      const void* from;
      void* into;
      std::size_t count;
      int root;
      const char* element;
      std::uint8_t channels;
      std::uint8_t warps;
      const char* algorithm;
      const char* protocol;
    } collective;
    ProxyOperation operation;
    NetworkEvent network;
  };
};

/// Versions 4 and 5, which differ in the width of the type.
template <typename Type>
struct DescriptionSince4 {
  Type type;
  void* parent;
  int rank;
  union {
    struct {
      std::uint64_t sequence;
      const char* function;
      const void* from;
      void* into;
      std::size_t count;
      int root;
      const char* element;
      std::uint8_t channels;
      std::uint8_t warps;
      const char* algorithm;
      const char* protocol;
    } collective;
    ProxyOperation operation;
    NetworkEvent network;
  };
};
using Description4 = DescriptionSince4<std::uint8_t>;
using Description5 = DescriptionSince4<std::uint64_t>;

static_assert(offsetof(Description1, collective.algorithm) == 106);
static_assert(offsetof(Description2, collective.algorithm) == 112);
static_assert(offsetof(Description3, collective.algorithm) == 104);
static_assert(offsetof(Description4, collective.algorithm) == 88);
static_assert(offsetof(Description5, collective.protocol) == 96);
static_assert(offsetof(Description5, operation.sends) == 44);
static_assert(offsetof(Description4, network.data) == 32);
static_assert(offsetof(InfinibandEvent, length) == 32 && offsetof(SocketEvent, length) == 16);

}  // namespace plumbline::collectives::abi
