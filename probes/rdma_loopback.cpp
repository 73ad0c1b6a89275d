#include "probes/rdma_loopback.hpp"

#include <algorithm>
#include <thread>

namespace plumbline::probes {

namespace {

constexpr const char* kName = "rdma_loopback";
constexpr std::string_view kGpu = "gpu ";
constexpr Bytes kSize{1U << 20U};

/// Nobody listens to the far end.
class NoSink final : public Sink {
 public:
  void step(const std::string& /*what*/, double /*share*/) override {}
  Status outcome(const Outcome& /*outcome*/) override { return {}; }
  Status topology(const Topology& /*topology*/) override { return {}; }
};

/// Gives the pair's outcomes on under the loopback's name.
class RenamingSink final : public Sink {
 public:
  RenamingSink(Sink& sink, std::string memory) : sink_(sink), memory_(std::move(memory)) {}
  void step(const std::string& what, double share) override { sink_.step(what, share); }
  Status topology(const Topology& topology) override { return sink_.topology(topology); }
  Status outcome(const Outcome& outcome) override {
    Outcome renamed = outcome;
    renamed.probe = kName;
    renamed.parameters.erase("direction");
    if (!memory_.empty()) renamed.parameters["memory"] = memory_;
    // A GPU that is in use, or that nothing here lets be registered, was not measured and not bad.
    const Failed* failed = outcome.failed();
    const bool missing = failed != nullptr && (failed->error.code == ErrorCode::unavailable ||
                                               failed->error.code == ErrorCode::conflict);
    if (missing && memory_.starts_with(kGpu) &&
        failed->error.message.find(" GPU ") != std::string::npos) {
      renamed.result = Skipped{failed->error.message};
    }
    return sink_.outcome(renamed);
  }

 private:
  Sink& sink_;
  std::string memory_;
};

/// One path of the plan, with the reason why it is not measured.
struct Path {
  std::string from;
  std::string to;
  std::string operation;
  std::string memory;  ///< "numa1", or a GPU's address; empty: anywhere
  std::string skipped;
};

std::string device_of(const PortCount& port) { return port.port.substr(0, port.port.find('/')); }

/// True when the kernel takes packets from an address of its own on a network device of the port
/// (net.ipv4.conf.{all,<device>}.accept_local).
bool accepts_local(const FileTree& root, const PortCount& port) {
  const std::string base = "proc/sys/net/ipv4/conf/";
  const auto accepts = [&](const std::string& device) {
    return root.read_integer(base + device + "/accept_local").value_or(0) != 0;
  };
  return accepts("all") || std::any_of(port.netdevs.begin(), port.netdevs.end(), accepts);
}

std::string why_not(const FileTree& root, const PortCount& from, const PortCount& to) {
  for (const PortCount* port : {&from, &to}) {
    if (port->state != "ACTIVE") {
      return "port " + port->port + " is " + (port->state.empty() ? "not readable" : port->state);
    }
  }
  if (from.port == to.port || !from.through_kernel || !to.through_kernel) return {};
  if (accepts_local(root, from) && accepts_local(root, to)) return {};
  return "a software device's packets leave by its own network device, and the kernel takes none "
         "that come from an address of its own (accept_local is 0)";
}

class RdmaLoopback final : public Probe {
 public:
  explicit RdmaLoopback(LoopbackWorld world) : world_(std::move(world)) {}
  std::string name() const override { return kName; }

  std::vector<Outcome> planned(const Request& request) const override {
    std::vector<Outcome> outcomes;
    for (const Path& path : paths(request))
      outcomes.push_back(outcome_of(request, path));
    return outcomes;
  }

  std::optional<std::string> inapplicable(const Task& /*task*/) const override {
    const auto drivers = world_.drivers();
    if (!drivers.rdma) return drivers.rdma.error().message;
    return std::nullopt;
  }

  Status run(const Task& task) override {
    const auto all = paths(task.request);
    if (all.empty()) return fail(ErrorCode::not_found, "this node has no RDMA device of that name");
    for (const Path& path : all) {
      auto done = path.skipped.empty() ? measure(task, path) : skip(task, path);
      if (!done) return done;
    }
    return {};
  }

 private:
  std::vector<PortCount> ports(const Request& request) const {
    auto drivers = world_.drivers();
    if (!drivers.rdma) return {};
    auto counted = (*drivers.rdma)->count();
    const std::string wanted = request.ends.empty() ? std::string{} : request.ends[0].device;
    std::erase_if(counted, [&](const PortCount& port) {
      return !wanted.empty() && device_of(port) != wanted;
    });
    return counted;
  }

  static std::vector<std::string> operations(const Request& request) {
    const auto found = request.options.find("operations");
    std::string text = found == request.options.end() ? "write" : found->second;
    std::vector<std::string> words;
    for (std::size_t at = 0; at != std::string::npos;) {
      at = text.find(',');
      words.push_back(text.substr(0, at));
      if (at != std::string::npos) text.erase(0, at + 1);
    }
    return words;
  }

  std::vector<std::string> memories() const {
    std::vector<std::string> names;
    const auto nodes = world_.numa_nodes();
    for (const int node : nodes)
      names.push_back(nodes.size() > 1 ? "numa" + std::to_string(node) : std::string{});
    if (names.empty()) names.emplace_back();
    return names;
  }

  std::vector<Path> paths(const Request& request) const {
    std::vector<Path> all;
    const auto counted = ports(request);
    for (const PortCount& from : counted) {
      for (const PortCount& to : counted) {
        for (const auto& operation : operations(request)) {
          for (const auto& memory : memories())
            all.push_back({from.port, to.port, operation, memory, why_not(world_.root, from, to)});
        }
      }
      const auto gpus = gpus_for(request);
      for (const auto& gpu : gpus.addresses) {
        const std::string down = why_not(world_.root, from, from);
        all.push_back({from.port, from.port, "write", std::string(kGpu) + gpu,
                       down.empty() ? gpus.skipped : down});
      }
    }
    return all;
  }

  /// Those that are described, else those on the PCI bus, with why their memory cannot be had.
  struct Gpus {
    std::vector<std::string> addresses;
    std::string skipped;
  };
  Gpus gpus_for(const Request& request) const {
    const auto found = request.options.find("drivers");
    const std::string drivers = found == request.options.end() ? std::string{} : found->second;
    Gpus gpus{drivers.empty() ? world_.gpus() : std::vector<std::string>{}, {}};
    if (drivers.empty() && gpus.addresses.empty()) return gpus;
    const auto opened = world_.gpu_memory->open(drivers);
    if (opened && !drivers.empty()) gpus.addresses = (*opened)->gpus();
    if (!opened) gpus.skipped = opened.error().message;
    return gpus;
  }

  static Outcome outcome_of(const Request& request, const Path& path) {
    const std::string node = request.ends.empty() ? std::string{} : request.ends[0].node;
    Outcome outcome;
    outcome.probe = kName;
    outcome.from = {node, path.from, ""};
    outcome.to = {node, path.to, ""};
    const Bytes size = request.sizes.empty() ? kSize : request.sizes.front();
    outcome.parameters = {{"operation", path.operation}, {"size", std::to_string(size.count)}};
    if (!path.memory.empty()) outcome.parameters["memory"] = path.memory;
    return outcome;
  }

  static Status skip(const Task& task, const Path& path) {
    Outcome outcome = outcome_of(task.request, path);
    outcome.result = Skipped{path.skipped};
    outcome.finished_at = task.clock.wall_time();
    return task.sink.outcome(outcome);
  }

  /// A pair of which this process is both ends.
  Status measure(const Task& task, const Path& path) const {
    Request request = task.request;
    request.probe = "pair";
    request.size = 2;
    request.rank = 0;
    request.measure = {"one_way"};
    if (request.sizes.empty()) request.sizes = {kSize};
    request.sizes.resize(1);
    const Outcome identity = outcome_of(task.request, path);
    request.ends = {identity.from, identity.to};
    request.options = {{"transport", "verbs"}, {"operations", path.operation}};
    if (path.memory.rfind("numa", 0) == 0) request.options["numa"] = path.memory.substr(4);
    if (path.memory.starts_with(kGpu)) {
      request.options["gpu"] = path.memory.substr(kGpu.size());
      const auto drivers = task.request.options.find("drivers");
      if (drivers != task.request.options.end()) request.options["drivers"] = drivers->second;
    }
    auto meeting = in_memory_rendezvous(2);
    std::thread far([&] {
      Request other = request;
      other.rank = 1;
      NoSink nobody;
      SystemClock clock;
      const auto probe = pair_probe(world_.drivers(), world_.read_links, world_.patience);
      // What went wrong at this end is in the near end's outcome.
      static_cast<void>(
          probe->run({task.topology, other, meeting[1].get(), task.deadline, clock, nobody}));
    });
    RenamingSink sink(task.sink, path.memory);
    const auto probe = pair_probe(world_.drivers(), world_.read_links, world_.patience);
    const auto ran =
        probe->run({task.topology, request, meeting[0].get(), task.deadline, task.clock, sink});
    far.join();
    return ran;
  }

  LoopbackWorld world_;
};

}  // namespace

std::unique_ptr<Probe> rdma_loopback_probe(LoopbackWorld world) {
  return std::make_unique<RdmaLoopback>(std::move(world));
}

}  // namespace plumbline::probes
