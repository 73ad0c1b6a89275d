#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>

#include "core/clock.hpp"
#include "core/result.hpp"

namespace plumbline::probes {

/// The attributes of one netlink message, by their type; the bytes belong to the message.
using Attributes = std::map<unsigned short, std::span<const std::byte>>;

/// Reads attributes; what does not fit its own length ends the list.
Attributes parse_attributes(std::span<const std::byte> bytes);

/// An attribute's text up to its zero.
std::string text_of(std::span<const std::byte> bytes);

/// Asks rtnetlink for a whole table (`request` = RTM_GETLINK, RTM_GETADDR) and gives each answer's
/// type and payload. Bounded by the deadline; an interrupted dump is asked for again.
Status dump(
    unsigned short request,
    const std::function<void(unsigned short type, std::span<const std::byte> payload)>& take,
    Deadline deadline);

}  // namespace plumbline::probes
