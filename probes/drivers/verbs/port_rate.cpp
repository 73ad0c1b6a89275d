#include "probes/drivers/verbs/port_rate.hpp"

#include <array>
#include <charconv>
#include <string_view>

namespace plumbline::probes {

namespace {

struct Generation {
  std::string_view word;
  std::string_view coding;
  double share;  ///< of the kernel's figure that is data
};

constexpr std::array<Generation, 10> kGenerations{{
    {"SDR", "8b/10b", 0.8},
    {"DDR", "8b/10b", 0.8},
    {"QDR", "8b/10b", 0.8},
    {"FDR10", "64b/66b", 1.0},
    {"FDR", "64b/66b", 64.0 / 66.0},
    {"EDR", "64b/66b", 1.0},
    {"HDR", "64b/66b", 1.0},
    {"NDR", "256b/257b", 1.0},
    {"XDR", "256b/257b", 1.0},
    {"GXDR", "256b/257b", 1.0},
}};

template <typename T>
bool take_number(std::string_view& text, T& value) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
  return true;
}

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

}  // namespace

void read_port_rate(const std::string& text, RdmaPort& port) {
  std::string_view rest(text);
  double gigabits = 0;
  int width = 0;
  if (!take_number(rest, gigabits) || !take(rest, " Gb/sec (") || !take_number(rest, width)) return;
  if (!take(rest, "X") || gigabits <= 0 || gigabits > 1e5 || width <= 0 || width > 16) return;
  take(rest, " ");
  const auto word = rest.substr(0, rest.find(')'));
  double share = 1;
  port.width = width;
  if (port.link_layer == "InfiniBand") {
    for (const Generation& generation : kGenerations) {
      if (generation.word != word) continue;
      port.speed = word;
      port.coding = generation.coding;
      share = generation.share;
    }
  } else {
    port.speed = word;
  }
  port.rate = bits_per_second(gigabits * 1e9 * share);
}

}  // namespace plumbline::probes
