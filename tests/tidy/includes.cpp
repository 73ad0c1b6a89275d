#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "tests/tidy/rules.hpp"

namespace plumbline::tidy {
namespace {

struct Include {
  std::string target;
  bool quoted = false;
  int line = 0;
};

/// A room and the rooms it may include, itself among them.
struct Arrow {
  std::string_view room;
  std::array<std::string_view, 5> may;
};

// The longer name first: netcheck/claims is a library of its own inside netcheck.
constexpr std::array<Arrow, 7> kArrows = {{
    {"netcheck/claims", {"netcheck/claims", "core"}},
    {"netcheck", {"netcheck", "core"}},
    {"core", {"core"}},
    {"probes", {"probes", "core"}},
    {"collectives", {"collectives", "core", "probes"}},
    {"reports", {"reports", "core"}},
    {"agent", {"agent", "core", "netcheck", "netcheck/claims", "reports"}},
}};

/// Headers that start with `prefix` are at home in the listed rooms, and in their mirrors under
/// tests/.
struct Home {
  std::string_view prefix;
  std::array<std::string_view, 4> rooms;
  bool main_files = false;
};

constexpr std::array<Home, 23> kHomes = {{
    {"infiniband/", {"probes/drivers/verbs/"}},
    {"rdma/", {"probes/drivers/verbs/"}},
    {"ucp/", {"probes/drivers/ucx/"}},
    {"uct/", {"probes/drivers/ucx/"}},
    {"ucs/", {"probes/drivers/ucx/"}},
    {"ucm/", {"probes/drivers/ucx/"}},
    {"hwloc", {"probes/drivers/host/"}},
    {"cuda", {"probes/drivers/cuda/"}},
    {"driver_types.h", {"probes/drivers/cuda/"}},
    {"nvml", {"probes/drivers/nvml/"}},
    {"nccl", {"collectives/nccl/"}},
    {"mpi", {"collectives/mpi/"}},
    {"grpc", {"agent/", "netcheck/claims/", "tests/support/"}},
    {"google/protobuf/", {"agent/", "netcheck/claims/", "tests/support/"}},
    {"curl/", {"netcheck/claims/"}},
    {"yaml-cpp/", {"netcheck/claims/", "core/"}},
    {"CLI/", {"agent/"}, true},
    {"prometheus/", {"agent/", "reports/"}},
    {"openssl/", {"core/", "agent/", "reports/"}},
    {"spdlog/", {"core/", "agent/"}, true},
    {"catch2/", {"tests/"}},
    {"gtest/", {}},
    {"boost/math/", {"core/statistics/"}},
}};

std::optional<Include> include_in(const Directive& directive) {
  const auto at = directive.text.find("include");
  if (at == std::string::npos || directive.text.find_first_not_of("# \t") != at) {
    return std::nullopt;
  }
  const auto open = directive.text.find_first_of("\"<", at);
  if (open == std::string::npos) return std::nullopt;
  const bool quoted = directive.text[open] == '"';
  const auto close = directive.text.find(quoted ? '"' : '>', open + 1);
  if (close == std::string::npos) return std::nullopt;
  return Include{directive.text.substr(open + 1, close - open - 1), quoted, directive.line};
}

const Arrow* room_of(std::string_view path) {
  const auto inside = [&](const Arrow& arrow) {
    return path.starts_with(arrow.room) && path.substr(arrow.room.size()).starts_with('/');
  };
  const auto found = std::find_if(kArrows.begin(), kArrows.end(), inside);
  return found == kArrows.end() ? nullptr : found;
}

bool generated(const Include& include) { return include.target.ends_with(".pb.h"); }

std::string arrow_breach(const SourceFile& file, const Include& include) {
  const auto* to = room_of(include.target);
  const bool shows_room = to != nullptr || include.target.starts_with("tests/");
  if (include.quoted && !shows_room && !generated(include)) {
    return "write \"" + include.target + "\" from the root, so that it shows the room";
  }
  const auto* from = room_of(file.path);
  if (from == nullptr || !shows_room) return "";
  if (to == nullptr) return "nothing outside of tests includes tests: " + include.target;
  if (std::find(from->may.begin(), from->may.end(), to->room) != from->may.end()) return "";
  return std::string(from->room) + " must not include " + std::string(to->room) +
         " (the arrows of the house): move what is shared to core";
}

bool at_home(const SourceFile& file, const Home& home) {
  if (home.main_files && is_main_file(file)) return true;
  return std::any_of(home.rooms.begin(), home.rooms.end(), [&](std::string_view room) {
    return !room.empty() &&
           (file.path.starts_with(room) || file.path.starts_with("tests/" + std::string(room)));
  });
}

std::string home_breach(const SourceFile& file, const Include& include) {
  const std::string target = generated(include) ? "grpc" : include.target;
  if (include.quoted && !generated(include)) return "";
  for (const auto& home : kHomes) {
    if (!target.starts_with(home.prefix) || at_home(file, home)) continue;
    std::string rooms;
    for (const auto room : home.rooms) {
      if (!room.empty()) rooms += " " + std::string(room);
    }
    return include.target + " is at home in" + (rooms.empty() ? " no room" : rooms) +
           ": ask there in the words of the domain";
  }
  return "";
}

template <class Breach>
Problems over_includes(const SourceFile& file, Breach breach) {
  Problems problems;
  for (const auto& directive : file.directives) {
    const auto include = include_in(directive);
    if (!include) continue;
    auto message = breach(file, *include);
    if (!message.empty()) problems.push_back({file.path, include->line, std::move(message)});
  }
  return problems;
}

}  // namespace

Problems check_arrows(const SourceFile& file) { return over_includes(file, arrow_breach); }

Problems check_vendor_headers(const SourceFile& file) { return over_includes(file, home_breach); }

}  // namespace plumbline::tidy
