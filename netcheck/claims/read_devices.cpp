#include <optional>

#include "netcheck/claims/objects.hpp"

namespace plumbline::netcheck::claims {
namespace {

/// An attribute's value, whichever of the eight forms it has; nothing for one that is not known.
std::optional<AttributeValue> read_value(const Fields& attribute) {
  if (attribute.has("int")) return attribute.number("int");
  if (attribute.has("bool")) return attribute.flag("bool");
  if (attribute.has("string")) return attribute.text("string");
  if (attribute.has("version")) return attribute.text("version");
  for (const char* const list : {"ints", "bools", "strings", "versions"}) {
    if (attribute.has(list)) return AttributeValue(attribute.scalars(list));
  }
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
  for (const auto& [name, capacity] : body.object("capacity").members())
    read.capacity.emplace(name, capacity.scalar("value"));
  for (const Fields& taint : body.list("taints")) {
    read.taints.push_back(taint.text("key") + "=" + taint.text("value") + ":" +
                          taint.text("effect"));
  }
  for (const Fields& counters : body.list("consumesCounters"))
    read.counters.push_back(counters.text("counterSet"));
  read.shared = body.flag("allowMultipleAllocations");
  read.node = body.text("nodeName");
  return read;
}

AllocatedDevice read_result(const Fields& result) {
  AllocatedDevice device;
  device.request = result.text("request");
  device.driver = result.text("driver");
  device.pool = result.text("pool");
  device.device = result.text("device");
  device.admin_access = result.flag("adminAccess");
  device.share_id = result.text("shareID");
  for (auto& [name, amount] : result.object("consumedCapacity").text_members())
    device.consumed_capacity.emplace(std::move(name), std::move(amount));
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
                      device.device == entry.text("device") &&
                      device.share_id == entry.text("shareID");
    if (!same) continue;
    if (data.has("interfaceName")) device.interface_name = data.text("interfaceName");
    if (data.has("hardwareAddress")) device.hardware_address = data.text("hardwareAddress");
    device.addresses = data.texts("ips");
  }
}

DeviceRequest read_request(const Fields& body, const std::string& name) {
  DeviceRequest request;
  request.name = name;
  request.device_class = body.text("deviceClassName");
  request.count = body.has("count") ? body.number("count") : 1;
  request.all = body.text("allocationMode") == "All";
  request.admin_access = body.flag("adminAccess");
  for (const Fields& selector : body.list("selectors"))
    request.selectors.push_back(selector.object("cel").text("expression"));
  return request;
}

/// Requests of every shape: `exactly`, `firstAvailable`, and the flat one of v1beta1.
void read_requests(const Fields& devices, DeviceClaim& claim) {
  for (const Fields& entry : devices.list("requests")) {
    const std::string name = entry.text("name");
    for (const Fields& option : entry.list("firstAvailable")) {
      claim.requests.push_back(read_request(option, name + "/" + option.text("name")));
    }
    if (entry.has("exactly")) {
      claim.requests.push_back(read_request(entry.object("exactly"), name));
    } else if (!entry.has("firstAvailable")) {
      claim.requests.push_back(read_request(entry, name));
    }
  }
  for (const Fields& entry : devices.list("constraints")) {
    const bool distinct = entry.has("distinctAttribute") && !entry.has("matchAttribute");
    claim.constraints.push_back({entry.texts("requests"),
                                 entry.text(distinct ? "distinctAttribute" : "matchAttribute"),
                                 distinct});
  }
}

/// The one node that an allocation is bound to; empty when it is bound to several or none.
std::string node_of(const Fields& allocation) {
  for (const Fields& term : allocation.object("nodeSelector").list("nodeSelectorTerms")) {
    for (const Fields& field : term.list("matchFields")) {
      const auto values = field.texts("values");
      if (field.text("key") == "metadata.name" && values.size() == 1) return values.front();
    }
  }
  return {};
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
  claim.node = node_of(status.object("allocation"));
  read_requests(object.object("spec").object("devices"), claim);
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

DeviceClaim read_claim_template(const Fields& object) {
  DeviceClaim claim;
  claim.is_template = true;
  claim.meta = read_meta(object);
  read_requests(object.object("spec").object("spec").object("devices"), claim);
  return claim;
}

DeviceClassClaim read_device_class(const Fields& object) {
  DeviceClassClaim read;
  read.meta = read_meta(object);
  const Fields spec = object.object("spec");
  read.extended_resource = spec.text("extendedResourceName");
  for (const Fields& selector : spec.list("selectors"))
    read.selectors.push_back(selector.object("cel").text("expression"));
  return read;
}

}  // namespace plumbline::netcheck::claims
