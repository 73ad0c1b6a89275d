#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace plumbline::probes {

/// Networks that a peer may be in. A value.
class Subnets {
 public:
  /// "10.70.1.0/24,fd00::/8"; an empty text allows every address.
  static Result<Subnets> parse(std::string_view text);
  /// True when the address ("10.70.1.11", with or without "/24") is in one of them, or none is
  /// named.
  bool allow(std::string_view address) const;

 private:
  struct Network {
    std::string bytes;  ///< 4 or 16
    int bits = 0;
  };
  std::vector<Network> networks_;
};

}  // namespace plumbline::probes
