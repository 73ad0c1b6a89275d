#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// A published device with its slice. Borrows the view.
struct Offered {
  const SliceClaim* slice = nullptr;
  const SliceDevice* device = nullptr;
  /// The node it is on; empty when its slice is for several.
  const std::string& node() const { return device->node.empty() ? slice->node : device->node; }
};

/// All published devices of a view, found by name in constant time. Borrows the view.
class Offers {
 public:
  explicit Offers(const AllocationView& view);

  /// The device that an allocation result names; nothing when no slice has it (any more).
  std::optional<Offered> find(const AllocatedDevice& given) const;
  /// Devices that a request may be given, by its class's and its own selectors as far as they are
  /// literal; `opaque` tells when a selector was passed over, so that there may be fewer.
  struct Candidates {
    std::vector<Offered> devices;
    bool known_class = true;         ///< false: the class was not read and names no driver
    bool class_has_devices = false;  ///< some device passes the class's selectors
    bool opaque = false;
  };
  Candidates candidates(const DeviceRequest& request) const;
  /// Every device of a driver.
  const std::vector<Offered>& of_driver(const std::string& driver) const;
  std::vector<std::string> drivers() const;
  /// False when slices of a driver are known to be missing: nothing can be concluded then from
  /// what is not there.
  bool whole(const std::string& driver) const;
  bool whole() const { return all_slices_ && broken_.empty(); }

 private:
  const AllocationView* view_;
  bool all_slices_;
  std::unordered_map<std::string, Offered> by_name_;
  std::map<std::string, std::vector<Offered>> by_driver_;
  std::set<std::string> broken_;  // drivers of which slices are missing
};

/// One literal CEL test: driver == "x", or attributes["domain"].name == literal.
struct LiteralTest {
  std::string attribute;  ///< "domain/name"; empty: the driver itself
  std::string value;      ///< as text_of() writes it
};

/// The literal tests of a CEL expression joined by &&; `opaque` when a part is anything else.
struct LiteralTests {
  std::vector<LiteralTest> tests;
  bool opaque = false;
};
LiteralTests literal_tests(const std::string& expression);

/// An attribute's values as a set: a scalar is a set of one. Empty: not published.
std::vector<std::string> values_of(const Offered& offered, const std::string& attribute);

/// The NUMA node of a device by any of the names that drivers give it; nothing when unknown or -1.
std::optional<std::string> numa_of(const Offered& offered);
/// The name under which a device publishes its NUMA node; empty when it does not.
std::string numa_name(const Offered& offered);
/// The PCIe root of a device; nothing when it publishes none.
std::optional<std::string> root_of(const Offered& offered);

/// The PCI address that a device publishes, by any of the names that drivers give it; empty when it
/// publishes none.
std::string pci_address_of(const Offered& offered);

/// What a device is, by driver and attributes: "gpu", "nic", "cpu", or the driver's name.
std::string kind_of(const Offered& offered);

/// True when a constraint covers a request by name: its own, or its parent's of "main/sub".
bool covers(const DeviceConstraint& constraint, const std::string& request);

}  // namespace plumbline::netcheck
