#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/model/object.hpp"

namespace plumbline {

/// A DRA attribute's value. The list forms are texts of their elements; a scalar counts as a set of
/// one where sets are compared.
using AttributeValue = std::variant<std::int64_t, bool, std::string, std::vector<std::string>>;

/// One device of a ResourceSlice.
struct SliceDevice {
  std::string name;
  std::size_t index = 0;                             ///< its place in spec.devices
  std::map<std::string, AttributeValue> attributes;  ///< keys always "domain/name"
  std::map<std::string, std::string> capacity;       ///< as written: "memory" -> "81559Mi"
  std::vector<std::string> taints;                   ///< "key=value:effect"
  std::vector<std::string> counters;  ///< counter sets it takes from: partitions of one device
  bool shared = false;                ///< allowMultipleAllocations
  std::string node;                   ///< its own nodeName with perDeviceNodeSelection
};

/// A ResourceSlice of the highest generation of its pool.
struct SliceClaim {
  ObjectMeta meta;
  std::string driver;
  std::string pool;
  std::int64_t generation = 0;
  std::string node;  ///< spec.nodeName; empty otherwise
  std::vector<SliceDevice> devices;
  bool whole_pool = true;  ///< false: slices of its pool's generation are missing
};

/// A DeviceClass, as far as its CEL names a driver or a literal attribute.
struct DeviceClassClaim {
  ObjectMeta meta;
  std::vector<std::string> selectors;  ///< CEL expressions
  std::string extended_resource;       ///< extendedResourceName
};

/// One request of a claim; an alternative of firstAvailable is one of its own named "main/sub".
struct DeviceRequest {
  std::string name;
  std::string device_class;
  std::int64_t count = 1;
  bool all = false;  ///< allocationMode All
  bool admin_access = false;
  std::vector<std::string> selectors;  ///< CEL expressions
};

/// One constraint over the devices of a claim.
struct DeviceConstraint {
  std::vector<std::string> requests;  ///< empty: all
  std::string attribute;
  bool distinct = false;  ///< distinctAttribute; matchAttribute otherwise
};

/// One device that a ResourceClaim was given.
struct AllocatedDevice {
  std::string request;
  std::string driver;
  std::string pool;
  std::string device;
  bool admin_access = false;  ///< never ownership
  std::string share_id;       ///< set: one share of a device that others may have too
  std::map<std::string, std::string> consumed_capacity;
  /// status.devices[].networkData of the same device, when the driver wrote it
  std::optional<std::string> interface_name;
  std::optional<std::string> hardware_address;
  std::vector<std::string> addresses;
};

/// A ResourceClaim, or a ResourceClaimTemplate: what claims made from it will ask.
struct DeviceClaim {
  ObjectMeta meta;
  bool is_template = false;
  std::vector<DeviceRequest> requests;
  std::vector<DeviceConstraint> constraints;
  std::string node;                      ///< that the allocation binds to; empty: not one
  std::vector<AllocatedDevice> devices;  ///< empty: not allocated
  bool allocated = false;
  std::vector<std::string> reserved_for;  ///< pod names in the claim's namespace
};

}  // namespace plumbline
