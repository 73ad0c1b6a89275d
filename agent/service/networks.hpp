#pragma once

#include <string>
#include <vector>

#include "netcheck/subnet.hpp"

namespace plumbline::agent {

/// The addresses that a network device of this process's network namespace has now, without their
/// length.
std::vector<std::string> addresses_of(const std::string& device);

/// True when the device has an address in one of `networks`, or `networks` is empty.
bool on_networks(const std::string& device, const std::vector<netcheck::Subnet>& networks);

}  // namespace plumbline::agent
