#pragma once

#include <string>

namespace plumbline::probes {

/// The kind of a PCI function by the base class of its class code (PCI Code and ID Assignment
/// Specification): network, accelerator (display and processing accelerators), storage, bridge,
/// other.
inline std::string pci_kind(unsigned base_class) {
  switch (base_class) {
    case 0x01:
      return "storage";
    case 0x02:
      return "network";
    case 0x03:
    case 0x12:
      return "accelerator";
    case 0x06:
      return "bridge";
    default:
      return "other";
  }
}

}  // namespace plumbline::probes
