#include "probes/gpu/cases.hpp"

#include <algorithm>
#include <array>

namespace plumbline::probes {

namespace {

constexpr std::uint64_t kSmallest = 4096;
constexpr double kKnee = 0.9;

GpuPlace gpu_place(const std::string& uuid) { return {uuid, std::nullopt}; }
GpuPlace host_place(int numa) { return {{}, numa}; }

std::string device_word(const GpuPlace& place) {
  return place.on_host() ? "numa" + std::to_string(place.numa.value_or(0)) : place.gpu;
}

GpuStream there(const GpuPlace& from, const GpuPlace& to, const std::string& runner) {
  return {from, to, runner};
}

GpuStream back(const GpuStream& stream) {
  // The other way is run by the GPU at its own beginning, or by the only one.
  const std::string runner =
      stream.to.on_host() || stream.from.on_host() ? stream.runner : stream.to.gpu;
  return {stream.to, stream.from, runner};
}

using Parameters = std::map<std::string, std::string>;

/// One path of a row: streams, and what makes its identity besides size and engine.
struct Path {
  std::vector<GpuStream> streams;
  Parameters parameters;
  std::string from;  ///< device words of the ends
  std::string to;
};

Path path_of(std::vector<GpuStream> streams, Parameters parameters) {
  const std::string from = device_word(streams[0].from);
  const std::string to = device_word(streams[0].to);
  return {std::move(streams), std::move(parameters), from, to};
}

using Paths = std::vector<Path>;

Paths host_to_device(const GpuWorld& world) {
  Paths paths;
  for (const auto& gpu : world.gpus) {
    for (const int numa : world.numa_nodes)
      paths.push_back(
          path_of({there(host_place(numa), gpu_place(gpu), gpu)}, {{"traffic", "one_way"}}));
  }
  return paths;
}

Paths device_to_host(const GpuWorld& world) {
  Paths paths = host_to_device(world);
  for (Path& path : paths) {
    path.streams[0] = back(path.streams[0]);
    std::swap(path.from, path.to);
  }
  return paths;
}

Paths host_both_ways(const GpuWorld& world) {
  Paths paths = host_to_device(world);
  for (Path& path : paths) {
    path.streams.push_back(back(path.streams[0]));
    path.parameters["traffic"] = "both_ways";
  }
  return paths;
}

Paths local(const GpuWorld& world) {
  Paths paths;
  for (const auto& gpu : world.gpus)
    paths.push_back(
        path_of({there(gpu_place(gpu), gpu_place(gpu), gpu)}, {{"traffic", "one_way"}}));
  return paths;
}

Paths ordered_pairs(const GpuWorld& world, const char* direction) {
  const bool write = std::string(direction) == "write";
  Paths paths;
  for (const auto& from : world.gpus) {
    for (const auto& to : world.gpus) {
      if (from == to) continue;
      paths.push_back(path_of({there(gpu_place(from), gpu_place(to), write ? from : to)},
                              {{"traffic", "one_way"}, {"direction", direction}}));
    }
  }
  return paths;
}

Paths writes(const GpuWorld& world) { return ordered_pairs(world, "write"); }
Paths reads(const GpuWorld& world) { return ordered_pairs(world, "read"); }

Paths both_ways(const GpuWorld& world) {
  Paths paths;
  for (Path& path : writes(world)) {
    if (path.to < path.from) continue;
    path.streams.push_back(back(path.streams[0]));
    path.parameters["traffic"] = "both_ways";
    paths.push_back(std::move(path));
  }
  return paths;
}

Paths host_latency(const GpuWorld& world) {
  Paths paths;
  for (Path& path : host_to_device(world)) {
    path.parameters.clear();
    paths.push_back(std::move(path));
  }
  return paths;
}

Paths peer_latency(const GpuWorld& world) {
  Paths paths;
  for (Path& path : writes(world)) {
    path.parameters.clear();
    paths.push_back(std::move(path));
  }
  return paths;
}

Paths one_to_all(const GpuWorld& world) {
  Paths paths;
  if (world.gpus.size() < 2) return paths;
  for (const auto& from : world.gpus) {
    Path path{{}, {{"pattern", "one_to_all"}}, from, "gpus"};
    for (const auto& to : world.gpus) {
      if (to != from) path.streams.push_back(there(gpu_place(from), gpu_place(to), from));
    }
    paths.push_back(std::move(path));
  }
  return paths;
}

Paths all_to_one(const GpuWorld& world) {
  Paths paths = one_to_all(world);
  for (Path& path : paths) {
    for (GpuStream& stream : path.streams)
      stream = back(stream);
    path.parameters["pattern"] = "all_to_one";
    std::swap(path.from, path.to);
  }
  return paths;
}

Paths matching(const GpuWorld& world) {
  Paths paths;
  const auto rounds = matchings(world.gpus.size());
  for (std::size_t round = 0; round < rounds.size(); ++round) {
    Path path{{}, {{"pattern", "matching"}, {"round", std::to_string(round)}}, "gpus", "gpus"};
    for (const auto& [one, other] : rounds[round]) {
      const auto& from = world.gpus[one];
      path.streams.push_back(there(gpu_place(from), gpu_place(world.gpus[other]), from));
      path.streams.push_back(back(path.streams.back()));
    }
    paths.push_back(std::move(path));
  }
  return paths;
}

/// A row of the table: which paths a word of Request.measure stands for.
struct Row {
  const char* probe;
  const char* word;
  Paths (*paths)(const GpuWorld&);
  bool is_default;
};

constexpr std::array<Row, 12> kRows{{
    {"gpu_copy", "host_to_device", host_to_device, true},
    {"gpu_copy", "device_to_host", device_to_host, true},
    {"gpu_copy", "host_both_ways", host_both_ways, true},
    {"gpu_copy", "local", local, true},
    {"gpu_copy", "write", writes, true},
    {"gpu_copy", "read", reads, false},
    {"gpu_copy", "both_ways", both_ways, true},
    {"gpu_latency", "host", host_latency, true},
    {"gpu_latency", "peers", peer_latency, true},
    {"gpu_together", "one_to_all", one_to_all, true},
    {"gpu_together", "all_to_one", all_to_one, true},
    {"gpu_together", "matching", matching, true},
}};

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_wanted(const Row& row, const GpuWorld& world) {
  const bool named = std::any_of(kRows.begin(), kRows.end(),
                                 [&](const Row& any) { return contains(world.measure, any.word); });
  return named ? contains(world.measure, row.word) : row.is_default;
}

GpuCase case_of(const Row& row, const Path& path, const GpuWorld& world) {
  GpuCase one;
  one.identity.probe = row.probe;
  one.identity.from = {world.node, path.from, ""};
  one.identity.to = {world.node, path.to, ""};
  one.identity.parameters = path.parameters;
  one.streams = path.streams;
  return one;
}

void add_copies(const Row& row, const Path& path, const GpuWorld& world,
                std::vector<GpuCase>& cases) {
  for (const auto engine : {CopyEngine::dma, CopyEngine::sm}) {
    if (engine == CopyEngine::sm && !contains(world.measure, "sm")) continue;
    for (const Bytes size : world.sizes) {
      GpuCase one = case_of(row, path, world);
      one.engine = engine;
      one.message = size;
      one.judged = size == world.sizes.back();
      one.identity.parameters["engine"] = engine == CopyEngine::sm ? "sm" : "dma";
      one.identity.parameters["size"] = std::to_string(size.count);
      cases.push_back(std::move(one));
    }
  }
}

}  // namespace

std::string GpuCase::words() const {
  std::string text = identity.probe + " " + identity.from.device + " to " + identity.to.device;
  for (const auto& [name, value] : identity.parameters)
    text += " " + name + "=" + value;
  return text;
}

std::vector<std::string> gpu_measures(const std::string& probe) {
  std::vector<std::string> words;
  for (const Row& row : kRows) {
    if (row.probe == probe) words.emplace_back(row.word);
  }
  if (!words.empty() && probe != "gpu_latency") {
    words.emplace_back("sm");
    words.emplace_back("sweep");
  }
  return words;
}

std::vector<GpuCase> gpu_cases(const std::string& probe, const GpuWorld& world) {
  std::vector<GpuCase> cases;
  for (const Row& row : kRows) {
    if (row.probe != probe || !is_wanted(row, world)) continue;
    for (const Path& path : row.paths(world)) {
      if (probe == "gpu_latency") {
        cases.push_back(case_of(row, path, world));
      } else {
        add_copies(row, path, world, cases);
      }
    }
  }
  return cases;
}

std::vector<std::vector<std::pair<std::size_t, std::size_t>>> matchings(std::size_t count) {
  std::vector<std::vector<std::pair<std::size_t, std::size_t>>> rounds;
  if (count < 2) return rounds;
  const std::size_t seats = count + count % 2;  // an odd count leaves a seat empty
  for (std::size_t round = 0; round + 1 < seats; ++round) {
    auto& pairs = rounds.emplace_back();
    const auto seated = [&](std::size_t seat) {
      return seat == 0 ? 0 : 1 + (seat - 1 + round) % (seats - 1);
    };
    for (std::size_t seat = 0; seat < seats / 2; ++seat) {
      const std::size_t near = seated(seat);
      const std::size_t far = seated(seats - 1 - seat);
      const std::size_t one = std::min(near, far);
      const std::size_t other = std::max(near, far);
      if (other < count) pairs.emplace_back(one, other);
    }
  }
  return rounds;
}

std::vector<Bytes> sweep_sizes(Bytes largest) {
  std::vector<Bytes> sizes;
  for (std::uint64_t size = kSmallest; size < largest.count; size *= 4)
    sizes.push_back(Bytes{size});
  sizes.push_back(largest);
  return sizes;
}

Bytes knee(const std::vector<std::pair<Bytes, double>>& goodputs) {
  double best = 0;
  for (const auto& point : goodputs)
    best = std::max(best, point.second);
  Bytes found;
  for (const auto& [size, goodput] : goodputs) {
    if (goodput >= kKnee * best && (found.count == 0 || size < found)) found = size;
  }
  return found;
}

}  // namespace plumbline::probes
