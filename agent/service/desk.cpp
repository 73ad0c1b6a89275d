#include "agent/service/desk.hpp"

#include <algorithm>
#include <chrono>
#include <future>

#include "agent/service/bounds.hpp"
#include "agent/supervisor/gpu_release.hpp"
#include "core/protocol/mpi_daemon.hpp"

namespace plumbline::agent {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kHandOverWithin{2000};    // gathered bytes to a child
constexpr milliseconds kEndWithin{2500};         // for cancelled children to be gone
constexpr milliseconds kPlaceWithin{3000};       // for an ended measurement to leave its device
constexpr double kInventoryMost = 30;            // seconds
constexpr std::chrono::seconds kGpusWithin{10};  // for the driver to tell of the GPUs

template <typename Value>
std::string problem_of(const Result<Value>& result) {
  return result ? std::string{} : result.error().message;
}

}  // namespace

Desk::Desk(NodeSettings settings, World world)
    : settings_(std::move(settings)), world_(world), leases_(world.clock, random_nonce) {}

Request Desk::inventory_request(Deadline deadline) const {
  Request request;
  request.probe = "inventory";
  request.ends = {{settings_.node, "", ""}};
  request.options = settings_.inventory_options;
  request.limit = {std::clamp(in_seconds(deadline.left()).value, 0.1, kInventoryMost)};
  return request;
}

void Desk::hear_neighbours() {
  if (!(settings_.lldp_seconds > 0)) return;
  Request request = inventory_request(Deadline::never());
  request.options["lldp_seconds"] = std::to_string(settings_.lldp_seconds);
  request.limit.value += settings_.lldp_seconds;
  const auto topology = take_topology(std::move(request), [] { return false; });
  if (!topology) {
    world_.log.warn("listening for neighbours: " + topology.error().message);
    return;
  }
  std::size_t known = 0;
  for (const NetworkDevice& device : topology->network_devices)
    known += device.neighbours.empty() ? 0 : 1;
  world_.log.info("neighbours known of " + std::to_string(known) + " network devices");
  const std::lock_guard lock(heard_mutex_);
  heard_ = topology->network_devices;
}

/// A cable that was moved since then has taken the link down: what was heard before is old.
void Desk::add_heard(Topology& topology) const {
  const std::lock_guard lock(heard_mutex_);
  for (NetworkDevice& device : topology.network_devices) {
    if (!device.neighbours.empty()) continue;
    const auto same = std::find_if(heard_.begin(), heard_.end(), [&](const NetworkDevice& earlier) {
      return earlier.name == device.name && earlier.mac == device.mac;
    });
    if (same == heard_.end()) continue;
    device.neighbours_unknown = same->neighbours_unknown;
    if (same->carrier_downs == device.carrier_downs) {
      device.neighbours = same->neighbours;
    } else if (!same->neighbours.empty()) {
      device.neighbours_unknown = "the link was down since its neighbour was heard";
    }
  }
}

Result<Topology> Desk::take_topology(Request request, const std::function<bool()>& gone) {
  Result<Topology> topology = fail(ErrorCode::internal, "the inventory child told no topology");
  const auto keep = [&](const Event& event) {
    if (const auto* const told = std::get_if<TopologyEvent>(&event)) topology = told->topology;
    return true;
  };
  const auto stop = [&]() -> std::optional<Error> {
    if (stopping_) return Error{ErrorCode::cancelled, stopping()};
    if (gone()) return Error{ErrorCode::cancelled, "the caller is gone"};
    return std::nullopt;
  };
  ChildRun child(settings_.program, world_.clock);
  const auto end = run_child(child, request, keep, stop);
  if (end.failed) return tl::unexpected(end.failed->error);
  if (topology) topology->node = settings_.node;
  return topology;
}

Result<std::string> Desk::inventory(const std::function<bool()>& gone, Deadline deadline) {
  auto holdings = std::async(std::launch::async, [&] { return settings_.ask_word(deadline); });
  auto topology = take_topology(inventory_request(deadline), gone);
  auto held = holdings.get();
  netcheck::NodeFacts facts;
  facts.node = settings_.node;
  facts.topology_problem = problem_of(topology);
  facts.holdings_problem = problem_of(held);
  if (topology) {
    add_heard(*topology);
    facts.topology = std::move(*topology);
  }
  if (held) facts.holdings = std::move(*held);
  return encode(facts);
}

Result<std::string> Desk::reserve(const std::string& peer, const std::string& text) {
  const auto order = decode_reserve(text);
  if (!order) return tl::unexpected(order.error());
  const auto grant = leases_.reserve(peer, *order);
  if (!grant) return tl::unexpected(grant.error());
  if (order->lease.empty()) {
    world_.metrics.lease_given();
    world_.log.info("lease given to " + peer + " for run " + order->run_id);
  }
  return encode(*grant);
}

Result<std::string> Desk::release(const std::string& peer, const std::string& text) {
  const auto lease = decode_lease(text);
  if (!lease) return tl::unexpected(lease.error());
  if (const auto freed = leases_.release(peer, *lease); !freed) {
    return tl::unexpected(freed.error());
  }
  // What ran under it ends now; who gave it back wants nothing left of that.
  if (!measurements_.wait_for_none(Deadline::after(kEndWithin)))
    world_.log.warn("a measurement still runs, though its lease was given back");
  world_.log.info("lease given back by " + peer);
  return encode_lease("");
}

Result<std::string> Desk::exchange(const std::string& peer, const std::string& text) {
  const auto order = decode_exchange(text);
  if (!order) return tl::unexpected(order.error());
  if (const auto held = leases_.check(peer, order->lease); !held) {
    return tl::unexpected(held.error());
  }
  if (const auto sound = check_exchange(*order); !sound) return tl::unexpected(sound.error());
  const auto given =
      measurements_.give(order->measurement, order->gathered, Deadline::after(kHandOverWithin));
  if (!given) return tl::unexpected(given.error());
  return encode_lease("");
}

Result<MeasureOrder> Desk::admit(const std::string& peer, const std::string& text) const {
  auto order = decode_measure(text);
  if (!order) return order;
  if (const auto held = leases_.check(peer, order->lease); !held) {
    return tl::unexpected(held.error());
  }
  const auto allowed = [&](const auto& device) { return on_networks(device, settings_.networks); };
  const bool placed = !settings_.mpi_daemon.empty();
  const auto sound = check_order(*order, {settings_.node, is_interface, allowed, placed});
  if (!sound) return tl::unexpected(sound.error());
  return order;
}

Status Desk::measure(const std::string& peer, const std::string& text, const Listener& listener) {
  const auto order = admit(peer, text);
  if (!order) return tl::unexpected(order.error());
  return run(peer, *order, listener);
}

/// Only pairs, collectives and GPUs load something that a tenant could hold.
Result<std::unique_ptr<TenantWatch>> Desk::guard(const MeasureOrder& order) const {
  const bool many = is_collective(order.request.probe);
  const bool gpus = is_gpu_probe(order.request.probe);
  if (order.request.probe != "pair" && !many && !gpus) return std::unique_ptr<TenantWatch>{};
  Watched watched{settings_.node, order.device_names, order.own_namespace};
  const auto rank = static_cast<std::size_t>(order.request.rank);
  const auto& device = order.request.ends[rank].device;
  watched.names.insert(watched.names.begin(), device.empty() ? "its GPUs" : device);
  return TenantWatch::start(settings_.ask_holdings, std::move(watched));
}

Status Desk::run(const std::string& peer, const MeasureOrder& order, const Listener& listener) {
  const auto& own = order.request.ends[static_cast<std::size_t>(order.request.rank)];
  ProbeProgram program = settings_.program;
  if (is_collective(order.request.probe)) program.path = settings_.rank_program;
  if (order.request.probe == kMpiDaemon) program.path = settings_.mpi_daemon;
  const auto child = std::make_shared<ChildRun>(std::move(program), world_.clock);
  const auto place =
      measurements_.begin(order.measurement, own.device, child, Deadline::after(kPlaceWithin));
  if (!place) return tl::unexpected(place.error());
  const auto watch = guard(order);
  MeasureEnd end{ChildFate::not_started, std::nullopt, {}, true};
  if (watch) {
    const auto sink = [&](const Event& event) { return listener.write(encode(StreamItem(event))); };
    const auto stop = [&]() -> std::optional<Error> {
      if (listener.gone()) return Error{ErrorCode::cancelled, "the caller is gone"};
      if (*watch) {
        if (auto alarm = (*watch)->alarm()) return alarm;
      }
      return stop_wish(peer, order.lease);
    };
    Request request = order.request;
    add_settings(request);
    end = is_gpu_probe(request.probe) ? run_on_gpus(*child, request, sink, stop)
                                      : run_child(*child, request, sink, stop);
    if (listener.gone()) leases_.doubt(order.lease);
  } else {
    end.failed = Failed{watch.error(), ""};
  }
  tell(order, end);
  listener.write(encode(StreamItem(end)));
  return {};
}

void Desk::add_settings(Request& request) const {
  if (request.probe == "inventory") request.options = settings_.inventory_options;
  // The GPUs that the inventory told of are those that are measured.
  const auto drivers = settings_.inventory_options.find("drivers");
  if (drivers != settings_.inventory_options.end()) request.options["drivers"] = drivers->second;
}

/// The child gone means its GPUs free, by the driver's word too.
MeasureEnd Desk::run_on_gpus(ChildRun& child, const Request& request, const EventSink& sink,
                             const StopWish& stop) {
  const AskGpus ask = [this](Deadline deadline) {
    return take_topology(inventory_request(deadline), [] { return false; });
  };
  const auto before = ask(Deadline::after(kGpusWithin));
  MeasureEnd end = run_child(child, request, sink, stop);
  if (!before || !before->gpus) return end;
  const auto freed = prove_gpus_free(ask, occupied_gpus(*before), FileTree("/proc"), world_.clock,
                                     Deadline::after(kGpusWithin));
  if (freed || stopping_) return end;
  end.fate = ChildFate::hung;
  end.released = false;
  end.failed = Failed{{freed.error().code, "after " + request.probe + " on " + settings_.node +
                                               ": " + freed.error().message},
                      settings_.node};
  return end;
}

std::string Desk::stopping() const { return "the agent of " + settings_.node + " is stopping"; }

MeasureEnd Desk::run_child(ChildRun& child, const Request& request, const EventSink& sink,
                           const StopWish& stop) {
  world_.metrics.measurement_began();
  auto end = child.run(request, sink, stop);
  world_.metrics.measurement_ended(request.probe, to_string(end.fate), child.killed());
  return end;
}

std::optional<Error> Desk::stop_wish(const std::string& peer, const std::string& lease) const {
  if (stopping_) return Error{ErrorCode::cancelled, stopping()};
  const auto held = leases_.check(peer, lease);
  if (held) return std::nullopt;
  return Error{ErrorCode::cancelled, held.error().message};
}

void Desk::tell(const MeasureOrder& order, const MeasureEnd& end) {
  const std::string name = "measurement " + order.measurement + " " + to_string(end.fate);
  if (!end.failed) return world_.log.debug(name);
  std::string text = name + ": " + end.failed->error.message;
  if (!end.last_words.empty()) text += "; its last words: " + end.last_words;
  world_.log.warn(text);
}

std::string Desk::unready(Deadline deadline) const {
  if (stopping_) return stopping();
  std::error_code error;
  if (!std::filesystem::exists(settings_.program.path, error)) {
    return "no probe program at " + settings_.program.path.string();
  }
  return problem_of(settings_.ask_holdings(deadline));
}

void Desk::refresh_metrics() { world_.metrics.lease_held(leases_.holder().has_value()); }

}  // namespace plumbline::agent
