#include <optional>

#include "netcheck/claims/objects.hpp"

namespace plumbline::netcheck::claims {
namespace {

/// An attribute's scalar value; nothing for the list forms, which are not read.
std::optional<AttributeValue> read_value(const Fields& attribute) {
  if (attribute.has("int")) return attribute.number("int");
  if (attribute.has("bool")) return attribute.flag("bool");
  if (attribute.has("string")) return attribute.text("string");
  if (attribute.has("version")) return attribute.text("version");
  return std::nullopt;
}

std::string with_domain(const std::string& name, const std::string& driver) {
  return name.find('/') == std::string::npos ? driver + "/" + name : name;
}

SliceDevice read_device(const Fields& device, const std::string& driver, bool nested) {
  SliceDevice read;
  read.name = device.text("name");
  if (read.name.empty()) device.complain("name", "is missing");
  const Fields body = nested && device.has("basic") ? device.object("basic") : device;
  for (const auto& [name, attribute] : body.object("attributes").members()) {
    if (auto value = read_value(attribute)) {
      read.attributes.insert_or_assign(with_domain(name, driver), std::move(*value));
    }
  }
  return read;
}

AllocatedDevice read_result(const Fields& result) {
  AllocatedDevice device;
  device.request = result.text("request");
  device.driver = result.text("driver");
  device.pool = result.text("pool");
  device.device = result.text("device");
  device.admin_access = result.flag("adminAccess");
  if (device.driver.empty()) result.complain("driver", "is missing");
  if (device.device.empty()) result.complain("device", "is missing");
  return device;
}

/// Adds what the driver wrote about a device to the same device of the allocation.
void add_network_data(const Fields& entry, std::vector<AllocatedDevice>& devices) {
  if (!entry.has("networkData")) return;
  const Fields data = entry.object("networkData");
  for (AllocatedDevice& device : devices) {
    const bool same = device.driver == entry.text("driver") && device.pool == entry.text("pool") &&
                      device.device == entry.text("device");
    if (!same) continue;
    if (data.has("interfaceName")) device.interface_name = data.text("interfaceName");
    if (data.has("hardwareAddress")) device.hardware_address = data.text("hardwareAddress");
    device.addresses = data.texts("ips");
  }
}

}  // namespace

ReadSlice read_slice(const Fields& object, bool nested) {
  ReadSlice read;
  SliceClaim& slice = read.claim;
  slice.meta = read_meta(object);
  const Fields spec = object.object("spec");
  const Fields pool = spec.object("pool");
  slice.driver = spec.text("driver");
  slice.pool = pool.text("name");
  slice.generation = pool.number("generation");
  slice.node = spec.text("nodeName");
  read.slices_in_pool = pool.number("resourceSliceCount");
  if (slice.driver.empty()) spec.complain("driver", "is missing");
  if (slice.pool.empty()) pool.complain("name", "is missing");
  for (const Fields& device : spec.list("devices")) {
    slice.devices.push_back(read_device(device, slice.driver, nested));
    slice.devices.back().index = slice.devices.size() - 1;
  }
  return read;
}

ReadClaim read_claim(const Fields& object) {
  ReadClaim read;
  DeviceClaim& claim = read.claim;
  claim.meta = read_meta(object);
  const Fields status = object.object("status");
  claim.allocated = status.has("allocation");
  for (const Fields& result : status.object("allocation").object("devices").list("results")) {
    claim.devices.push_back(read_result(result));
  }
  for (const Fields& entry : status.list("devices"))
    add_network_data(entry, claim.devices);
  for (const Fields& consumer : status.list("reservedFor")) {
    const auto resource = consumer.text("resource");
    if (resource == "pods") claim.reserved_for.push_back(consumer.text("name"));
    if (resource == "podgroups") read.reserved_groups.push_back(consumer.text("name"));
  }
  return read;
}

}  // namespace plumbline::netcheck::claims
