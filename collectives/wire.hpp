#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collectives/bus_factor.hpp"
#include "core/clock.hpp"
#include "core/files.hpp"
#include "core/model/measurement.hpp"

namespace plumbline::collectives {

/// Byte counters of one interface, as proc/net/dev has them (64 bits, of this network namespace).
struct DeviceCounters {
  std::string name;
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
};

/// All interfaces' counters at one moment.
struct WireReading {
  Moment at{};
  std::vector<DeviceCounters> devices;
};

/// Reads proc/net/dev below `tree`.
Result<WireReading> read_wire(const FileTree& tree, const Clock& clock);

/// The interfaces' counters out of the text of proc/net/dev. A line of another form is an error.
Result<std::vector<DeviceCounters>> parse_counters(std::string_view text);

/// One address of an interface of this process's network namespace.
struct DeviceAddress {
  std::string device;
  std::string address;  ///< "10.70.1.11" or "fd00::11"
};

/// What the kernel says (getifaddrs), IPv4 and IPv6.
Result<std::vector<DeviceAddress>> device_addresses();

/// The interface that has an address in `subnet` ("10.70.1.0/24"). None, or several, is an error.
/// Pure.
Result<std::string> device_in(const std::vector<DeviceAddress>& addresses, std::string_view subnet);

/// The readings around one measurement: `idle` and `before` lie some time apart with nothing
/// running.
struct WireWatch {
  WireReading idle;
  WireReading before;
  WireReading after;
};

/// One proof for each direction in which `expected` is not nothing: the rail's device moved by at
/// least that above its idle rate, and no other device (lo included) carried as much as a tenth of
/// it. Pure.
std::vector<Proof> prove_wire(const WireWatch& watch, const Endpoint& at, const WireLoad& expected);

/// The proof of a path that no interface is on: none (lo included) moved as much as a tenth of what
/// the operation moves, above its idle rate. Pure.
Proof prove_unused(const WireWatch& watch, const Endpoint& at, const WireLoad& expected);

}  // namespace plumbline::collectives
