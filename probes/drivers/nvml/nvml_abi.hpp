#pragma once

#include <array>

// The C ABI of libnvidia-ml.so.1 as far as plumbline calls it: own declarations, since the header
// is not packaged. Names, layouts, numbers and struct versions are those of NVML 13.3's public
// header; what an older library lacks is a missing symbol or a refused version.
namespace plumbline::probes::nvml {

struct Device;
using Handle = Device*;  ///< nvmlDevice_t, owned by the library
using Return = int;      ///< nvmlReturn_t

inline constexpr Return kSuccess = 0;
inline constexpr Return kNotSupported = 3;
inline constexpr Return kNoPermission = 4;
inline constexpr Return kNotFound = 6;
inline constexpr Return kInsufficientSize = 7;
inline constexpr Return kDriverNotLoaded = 9;
inline constexpr Return kTimeout = 10;
inline constexpr Return kFunctionNotFound = 13;
inline constexpr Return kGpuIsLost = 15;
inline constexpr Return kResetRequired = 16;
inline constexpr Return kVersionMismatch = 18;
inline constexpr Return kArgumentVersionMismatch = 25;

/// NVML_STRUCT_VERSION(data, version).
template <typename Struct>
constexpr unsigned struct_version(unsigned version) {
  return static_cast<unsigned>(sizeof(Struct)) | version << 24U;
}

/// nvmlPciInfo_t (calls _v3).
struct PciInfo {
  std::array<char, 16> bus_id_legacy;
  unsigned domain;
  unsigned bus;
  unsigned device;
  unsigned pci_device_id;
  unsigned pci_subsystem_id;
  std::array<char, 32> bus_id;
};

/// nvmlMemory_t.
struct Memory {
  unsigned long long total;
  unsigned long long free;
  unsigned long long used;
};

/// nvmlProcessInfo_t, second layout (calls _v2 and _v3).
struct ProcessInfo {
  unsigned pid;
  unsigned long long used_memory;  ///< all ones: not told
  unsigned gpu_instance;
  unsigned compute_instance;
};

/// nvmlFieldValue_t.
struct FieldValue {
  unsigned field;
  unsigned scope;  ///< the link of an NVLink field
  long long timestamp;
  long long latency;
  unsigned type;  ///< nvmlValueType_t
  Return result;
  union {
    double real;
    unsigned unsigned_int;
    unsigned long unsigned_long;
    unsigned long long unsigned_long_long;
    long long signed_long_long;
    int signed_int;
    unsigned short unsigned_short;
  } value;
};

/// nvmlGpuFabricInfo_v2_t and _v3_t, which only adds the summary behind it.
struct FabricInfo {
  unsigned version;
  std::array<unsigned char, 16> cluster_uuid;
  Return status;  ///< only when the state is completed
  unsigned clique;
  unsigned char state;  ///< 0 not supported, 1 not started, 2 in progress, 3 completed
  unsigned health_mask;
};
struct FabricInfo3 {
  FabricInfo two;
  unsigned char health_summary;  ///< 0 not told, 1 healthy, 2 unhealthy, 3 limited capacity
};

/// nvmlPlatformInfo_v2_t.
struct PlatformInfo {
  unsigned version;
  std::array<unsigned char, 16> ib_guid;
  std::array<unsigned char, 16> chassis_serial;
  unsigned char slot;
  unsigned char tray;
  unsigned char host;
  unsigned char peer_type;
  unsigned char module;
};

static_assert(sizeof(PciInfo) == 68 && sizeof(Memory) == 24 && sizeof(ProcessInfo) == 24);
static_assert(sizeof(FieldValue) == 40 && sizeof(FabricInfo) == 36 && sizeof(FabricInfo3) == 40);
static_assert(sizeof(PlatformInfo) == 44);

// NVML_FI_DEV_*: fields of nvmlDeviceGetFieldValues.
inline constexpr unsigned kFieldLinkCount = 91;
inline constexpr unsigned kFieldNvlinkDataSent = 138;      ///< KiB; scope = link, all ones: all
inline constexpr unsigned kFieldNvlinkDataReceived = 139;  ///< KiB
inline constexpr unsigned kFieldNvlinkReplays = 161;
inline constexpr unsigned kFieldNvlinkRecoveries = 162;
inline constexpr unsigned kFieldNvlinkCrc = 163;
inline constexpr unsigned kFieldNvlinkSpeed = 164;  ///< MB/s of one link
inline constexpr unsigned kFieldPcieSent = 197;     ///< bytes; may wrap
inline constexpr unsigned kFieldPcieReceived = 198;
inline constexpr unsigned kFieldNvlink5Sent = 202;  ///< bytes, NVLink 5 and later
inline constexpr unsigned kFieldNvlink5Received = 204;
inline constexpr unsigned kFieldLinkErrors5 = 208;      ///< packets with errors received
inline constexpr unsigned kFieldLinkRecoveries5 = 215;  ///< times that the link was recovered
inline constexpr unsigned kAllLinks = ~0U;

// nvmlClockType_t, nvmlTemperatureSensors_t, nvmlGpuP2PCapsIndex_t.
inline constexpr int kClockSm = 1;
inline constexpr int kClockMemory = 2;
inline constexpr int kSensorGpu = 0;
inline constexpr int kPeerRead = 0;
inline constexpr int kPeerWrite = 1;
inline constexpr int kPeerNvlink = 2;
inline constexpr int kPeerAtomics = 3;
inline constexpr unsigned kMostLinks = 36;  ///< NVML_NVLINK_MAX_LINKS

}  // namespace plumbline::probes::nvml
