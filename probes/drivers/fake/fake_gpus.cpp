#include "probes/drivers/fake/fake_gpus.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "probes/drivers/fake/fake_region.hpp"
#include "probes/drivers/fake/fake_share.hpp"
#include "probes/drivers/fake/fake_world.hpp"

namespace plumbline::probes {

namespace {

constexpr double kLaunch = 4e-6;  ///< what one copy costs beside its bytes, in seconds

FakeRegion& as_fake(GpuRegion& region) { return static_cast<FakeRegion&>(region); }
const FakeRegion& as_fake(const GpuRegion& region) {
  return static_cast<const FakeRegion&>(region);
}

std::vector<GpuUnit> units_of(const FakeGpuNode& node) {
  std::vector<GpuUnit> units;
  for (const Gpu& gpu : fake_gpu_facts(node).gpus) {
    if (!gpu.mig.value_or(false)) {
      units.push_back({gpu.uuid, gpu.pci_address, gpu.product, gpu.memory});
    }
    for (const MigInstance& slice : gpu.instances) {
      units.push_back(
          {slice.uuid, gpu.pci_address, gpu.product + " MIG " + slice.profile, slice.memory});
    }
  }
  return units;
}

/// Does what one stream of copies does to memory, and counts it.
void move(FakeWorld& world, const CopyOrder& order) {
  const FakeRegion& source = as_fake(*order.source);
  FakeRegion& destination = as_fake(*order.destination);
  const std::uint64_t message = order.message.count;
  const std::uint64_t from_slots = std::max<std::uint64_t>(1, source.size().count / message);
  const std::uint64_t to_slots = std::max<std::uint64_t>(1, destination.size().count / message);
  const FakeFault* corrupting = fault_on(world.node, "corrupting_pair", order);
  const std::uint64_t distinct = std::min<std::uint64_t>(order.repeats, from_slots * to_slots);
  for (std::uint64_t number = 0; number < distinct; ++number) {
    const std::uint64_t to = number % to_slots * message;
    destination.take(source, number % from_slots * message, to, message);
    if (corrupting == nullptr) continue;
    const std::uint64_t bad = to + corrupting->byte.count % message;
    destination.write(bad, bad + 1, {});
  }
}

void add(std::optional<Bytes>& counter, std::uint64_t bytes) {
  if (counter) counter->count += bytes;
}

void count(FakeWorld& world, const CopyOrder& order) {
  const std::uint64_t bytes = order.message.count * order.repeats;
  const GpuPlace& source = order.source->place();
  const GpuPlace& destination = order.destination->place();
  if (source == destination || fault_on(world.node, "uncounted_pair", order) != nullptr) return;
  const bool linked = over_nvlink(world.node, order);
  GpuCounters& from = world.counted[source.gpu];
  GpuCounters& to = world.counted[destination.gpu];
  add(linked ? from.nvlink_sent : from.pcie_sent, bytes);
  add(linked ? to.nvlink_received : to.pcie_received, bytes);
}

class FakeGpuMachine final : public GpuMachine {
 public:
  explicit FakeGpuMachine(std::shared_ptr<FakeWorld> world)
      : world_(std::move(world)), units_(units_of(world_->node)) {
    for (int numa = 0; numa < world_->node.numa_nodes; ++numa)
      numa_nodes_.push_back(numa);
  }

  std::string library() const override { return "fake:" + world_->node.file; }
  const std::vector<GpuUnit>& units() const override { return units_; }
  const std::vector<int>& numa_nodes() const override { return numa_nodes_; }

  Result<Bytes> free_memory(const std::string& uuid) override {
    const GpuUnit* unit = find(uuid);
    if (unit == nullptr) return fail(ErrorCode::not_found, "no GPU " + uuid);
    open(uuid);
    const std::uint64_t busy = has_fault(world_->node, "busy", fake_index(world_->node, uuid))
                                   ? unit->memory.count / 2
                                   : 0;
    const std::uint64_t usable = unit->memory.count / 64 * 63 - busy;
    return Bytes{usable - std::min(usable, world_->taken[uuid])};
  }

  Result<std::unique_ptr<GpuRegion>> allocate(const GpuPlace& place, Bytes size) override {
    if (place.on_host()) return std::make_unique<FakeRegion>(place, size, nullptr);
    const auto free = free_memory(place.gpu);
    if (!free) return tl::unexpected(free.error());
    if (size > *free) {
      return fail(ErrorCode::conflict, "not enough memory is free on " + place.gpu);
    }
    world_->taken[place.gpu] += size.count;
    std::shared_ptr<void> lease(world_.get(), [world = world_, place, size](void* /*world*/) {
      world->taken[place.gpu] -= size.count;
    });
    return std::make_unique<FakeRegion>(place, size, std::move(lease));
  }

  Result<std::unique_ptr<GpuRegion>> allocate_shared(const GpuPlace& place, Bytes size,
                                                     ShareKind kind, std::string& words) override {
    const std::string domain = domain_for(kind);
    if (kind == ShareKind::fabric && domain.empty())
      return fail(ErrorCode::unavailable, "no fabric that spans machines: no fabric handles");
    auto region = allocate(place, size);
    if (!region) return region;
    const std::string name =
        "plumbline-fake-" + std::to_string(::getpid()) + "-" + std::to_string(++shares_);
    as_fake(**region).share_as(
        name, std::shared_ptr<void>(nullptr, [name](void* /*none*/) { remove_share(name); }));
    world_->shared[place.gpu] = name;
    words = share_words({name, place.gpu, size.count, domain});
    return region;
  }

  Result<std::unique_ptr<GpuRegion>> open_shared(const std::string& words,
                                                 const std::string& /*runner*/) override {
    const auto share = read_share_words(words);
    if (!share) return tl::unexpected(share.error());
    if (!share->domain.empty() && share->domain != domain_for(ShareKind::fabric))
      return fail(ErrorCode::unavailable, "the other end is in another NVLink domain");
    auto region = std::make_unique<FakeRegion>(GpuPlace{share->uuid, std::nullopt},
                                               Bytes{share->size}, nullptr);
    region->share_as(share->name, nullptr);
    return region;
  }

  Status reach(const std::string& runner, const std::string& other) override {
    if (runner == other) return {};
    const FakeGpuNode& node = world_->node;
    for (const GpuPeer& peer : fake_gpu_facts(node).peers) {
      if (peer.from == runner && peer.to == other && peer.write == "ok") return {};
    }
    return fail(ErrorCode::unavailable, "no peer access from " + runner + " to " + other);
  }

  Status fill(GpuRegion& region, std::uint64_t seed, const std::string& /*worker*/) override {
    as_fake(region).write(0, region.size().count, {true, seed, 0});
    return {};
  }

  Status poison(GpuRegion& region, const std::string& /*worker*/) override {
    FakeRegion& memory = as_fake(region);
    memory.write(0, region.size().count, {});
    return memory.share().empty() ? Status{} : save_share(memory.share(), memory);
  }

  Result<Comparison> compare(const GpuRegion& region, Bytes size, std::uint64_t seed,
                             const std::string& /*worker*/) override {
    FakeRegion now = as_fake(region);
    if (!now.share().empty()) {
      if (auto loaded = load_share(now.share(), now); !loaded)
        return tl::unexpected(loaded.error());
    }
    return now.compare(size.count, seed);
  }

  Result<std::vector<CopyTime>> copy(const std::vector<CopyOrder>& orders,
                                     Deadline deadline) override {
    if (deadline.passed()) return fail(ErrorCode::deadline_exceeded, "copying: no time is left");
    for (const CopyOrder& order : orders) {
      // As a driver that never comes back; who started this process ends it.
      while (fault_on(world_->node, "hanging_copy", order) != nullptr)
        pause();
    }
    const auto rates = fake_rates(*world_, orders);
    std::vector<CopyTime> times;
    for (std::size_t index = 0; index < orders.size(); ++index) {
      const CopyOrder& order = orders[index];
      move(*world_, order);
      count(*world_, order);
      if (auto told = tell_owner(order); !told) return tl::unexpected(told.error());
      const auto bytes = static_cast<double>(order.message.count);
      times.push_back({Seconds{order.repeats * (bytes / rates[index].value + kLaunch / 4)}});
    }
    return times;
  }

  Result<std::vector<double>> ping_pong(const std::string& runner, const GpuPlace& other,
                                        std::uint32_t count, Deadline deadline) override {
    if (deadline.passed()) return fail(ErrorCode::deadline_exceeded, "flags: no time is left");
    if (!other.on_host()) {
      if (auto way = reach(runner, other.gpu); !way) return tl::unexpected(way.error());
    }
    const FakeCopies& copies = world_->node.copies;
    const double half = other.on_host() ? copies.host_latency.value : copies.peer_latency.value;
    std::vector<double> samples;
    for (std::uint32_t sample = 0; sample < count; ++sample)
      samples.push_back(half * fake_noise(*world_, 0.02));
    return samples;
  }

 private:
  /// The NVLink domain of this machine; empty: none that spans machines.
  std::string domain_for(ShareKind kind) const {
    const FakeGpuNode& node = world_->node;
    if (kind == ShareKind::ipc || node.cluster_uuid.empty()) return {};
    return node.cluster_uuid + "." + std::to_string(node.clique);
  }

  /// What was written into another process's memory is there for it to see, unless no counter does.
  Status tell_owner(const CopyOrder& order) {
    const FakeRegion& destination = as_fake(*order.destination);
    if (destination.share().empty()) return {};
    if (auto saved = save_share(destination.share(), destination); !saved) return saved;
    if (fault_on(world_->node, "uncounted_pair", order) != nullptr) return {};
    return add_received(destination.share(), order.message.count * order.repeats);
  }

  /// As a context is made: from now on this process is told among the GPU's.
  void open(const std::string& uuid) {
    const std::lock_guard lock(world_->opening);
    world_->opened.insert(uuid);
  }

  const GpuUnit* find(const std::string& uuid) const {
    const auto found = std::find_if(units_.begin(), units_.end(),
                                    [&](const GpuUnit& unit) { return unit.uuid == uuid; });
    return found == units_.end() ? nullptr : &*found;
  }

  std::shared_ptr<FakeWorld> world_;
  int shares_ = 0;
  std::vector<GpuUnit> units_;
  std::vector<int> numa_nodes_;
};

class FakeGpuInstruments final : public GpuInstruments {
 public:
  explicit FakeGpuInstruments(std::shared_ptr<FakeWorld> world) : world_(std::move(world)) {}
  std::string library() const override { return "fake:" + world_->node.file; }
  /// The file is read each time, so that a machine can change while it is looked at.
  Result<GpuNode> look(Deadline /*deadline*/) override {
    const auto described = read_fake_gpus(world_->node.file);
    if (!described) return tl::unexpected(described.error());
    GpuNode node = fake_gpu_facts(*described);
    const std::lock_guard lock(world_->opening);
    for (Gpu& gpu : node.gpus) {
      if (has_opened(gpu)) gpu.processes->push_back(ourselves());
    }
    return node;
  }

  Result<std::vector<GpuProcess>> processes(const std::string& uuid, Deadline deadline) override {
    const auto node = look(deadline);
    if (!node) return tl::unexpected(node.error());
    for (const Gpu& gpu : node->gpus) {
      const bool slice = std::any_of(gpu.instances.begin(), gpu.instances.end(),
                                     [&](const MigInstance& each) { return each.uuid == uuid; });
      if ((gpu.uuid == uuid || slice) && gpu.processes) return *gpu.processes;
    }
    return fail(ErrorCode::not_found, "no GPU " + uuid);
  }

  Result<GpuCounters> counters(const std::string& uuid, Deadline /*deadline*/) override {
    const auto counted = world_->counted.find(uuid);
    if (counted == world_->counted.end()) return fail(ErrorCode::not_found, "no GPU " + uuid);
    GpuCounters counters = counted->second;
    const auto shared = world_->shared.find(uuid);
    if (shared == world_->shared.end()) return counters;
    add(counters.nvlink_received ? counters.nvlink_received : counters.pcie_received,
        received_of(shared->second));
    return counters;
  }

 private:
  static GpuProcess ourselves() {
    return {static_cast<std::uint32_t>(::getpid()), "compute", std::nullopt};
  }

  bool has_opened(const Gpu& gpu) const {
    return world_->opened.count(gpu.uuid) > 0 ||
           std::any_of(gpu.instances.begin(), gpu.instances.end(), [&](const MigInstance& slice) {
             return world_->opened.count(slice.uuid) > 0;
           });
  }

  std::shared_ptr<FakeWorld> world_;
};

/// Which counters a described GPU has: a slice has none, as NVML gives none.
void start_counters(FakeWorld& world) {
  for (const Gpu& gpu : fake_gpu_facts(world.node).gpus) {
    GpuCounters counters;
    if (!gpu.links.empty()) counters.nvlink_sent = counters.nvlink_received = Bytes{0};
    counters.pcie_sent = counters.pcie_received = Bytes{0};
    counters.nvlink_step = Bytes{1024};
    world.counted[gpu.uuid] = counters;
    for (const MigInstance& slice : gpu.instances)
      world.counted[slice.uuid] = {};
  }
}

}  // namespace

Result<FakeGpus> open_fake_gpus(const std::string& file) {
  auto node = read_fake_gpus(file);
  if (!node) return tl::unexpected(node.error());
  auto world = std::make_shared<FakeWorld>();
  world->node = std::move(*node);
  start_counters(*world);
  FakeGpus gpus;
  gpus.machine = std::make_unique<FakeGpuMachine>(world);
  gpus.instruments = std::make_unique<FakeGpuInstruments>(world);
  return gpus;
}

}  // namespace plumbline::probes
