#include "agent/service/daemon.hpp"

#include <arpa/inet.h>
#include <signal.h>

#include <charconv>
#include <chrono>
#include <thread>

#include "agent/service/desk.hpp"
#include "agent/service/grpc_server.hpp"
#include "agent/service/http.hpp"
#include "agent/service/peer.hpp"
#include "netcheck/claims/kubelet.hpp"

namespace plumbline::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kReadyWithin{2};     // one question to the kubelet
constexpr seconds kReadyEvery{5};      // between two of them
constexpr seconds kChildrenWithin{8};  // from SIGTERM to the last child's end
constexpr seconds kCallsWithin{2};     // from there to the last call's end

sigset_t ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

/// Waits for a signal to end; 0 when `span` passed without one.
int wait_for_signal(milliseconds span) {
  const auto signals = ending_signals();
  const auto whole = std::chrono::duration_cast<seconds>(span);
  const timespec most{whole.count(), std::chrono::nanoseconds(span - whole).count()};
  const int got = ::sigtimedwait(&signals, nullptr, &most);
  return got > 0 ? got : 0;
}

/// The program that was named, else the one of that name beside this one.
Result<std::filesystem::path> program_of(const std::filesystem::path& named, const char* usual) {
  if (!named.empty()) return named;
  auto directory = program_directory();
  if (!directory) return directory;
  return *directory / usual;
}

Result<NodeSettings> settings_of(const AgentOptions& options) {
  const auto probe = program_of(options.probe_program, "plumbline-probe");
  if (!probe) return tl::unexpected(probe.error());
  const auto rank = program_of(options.rank_program, "plumbline-rank");
  if (!rank) return tl::unexpected(rank.error());
  NodeSettings settings;
  settings.node = options.node;
  settings.program = {*probe, options.node, child_environment(), kSilence};
  settings.rank_program = *rank;
  settings.inventory_options["cni_results"] = options.cni_results.string();
  settings.lldp_seconds = options.lldp_seconds;
  if (!options.drivers.empty()) settings.inventory_options["drivers"] = options.drivers;
  if (!options.sysfs_root.empty()) {
    settings.inventory_options["sysfs_root"] = options.sysfs_root.string();
  }
  for (const auto& text : options.peer_subnets) {
    const auto network = netcheck::parse_subnet(text);
    if (!network) return fail(ErrorCode::invalid_input, "\"" + text + "\" is no network (CIDR)");
    settings.networks.push_back(*network);
  }
  if (options.placed) {
    const auto mpi_daemon = program_of({}, "plumbline-mpi-daemon");
    if (!mpi_daemon) return tl::unexpected(mpi_daemon.error());
    settings.mpi_daemon = *mpi_daemon;
    // Who asks has asked this node's own agent: a pod without rights cannot ask the kubelet.
    settings.ask_holdings = [node = options.node](Deadline) -> Result<NodeHoldings> {
      return NodeHoldings{node, "the scheduler, which placed this agent's pod", {}, {}};
    };
    settings.ask_word = settings.ask_holdings;
    settings.inventory_options["inside"] = "yes";
    const auto told = device_environment();
    settings.program.environment.insert(settings.program.environment.end(), told.begin(),
                                        told.end());
    return settings;
  }
  settings.ask_holdings = [socket = options.kubelet_socket, node = options.node](Deadline by) {
    return netcheck::claims::kubelet_holdings(socket, node, by);
  };
  const std::filesystem::path root = options.sysfs_root.empty() ? "/" : options.sysfs_root;
  const netcheck::claims::KubeletPlace place{
      options.kubelet_socket, options.kubelet_state,
      options.cgroups.empty() ? root / "sys/fs/cgroup" : options.cgroups};
  settings.ask_word = [place, node = options.node](Deadline by) {
    return netcheck::claims::kubelet_word(place, node, by);
  };
  return settings;
}

/// Says once what keeps the node from being measured, and once that it is over.
class ReadyTeller {
 public:
  explicit ReadyTeller(Log& log) : log_(log) {}
  void tell(const std::string& why) {
    if (told_ && why == last_) return;
    if (why.empty()) {
      log_.info("agent ready");
    } else {
      log_.warn("agent not ready: " + why);
    }
    told_ = true;
    last_ = why;
  }

 private:
  Log& log_;
  bool told_ = false;
  std::string last_;
};

int serve_until_signal(Desk& desk, Log& log) {
  ReadyTeller teller(log);
  Deadline next = Deadline::after(seconds(0));
  while (true) {
    if (const int signal = wait_for_signal(milliseconds(500)); signal != 0) return signal;
    desk.refresh_metrics();
    if (!next.passed()) continue;
    teller.tell(desk.unready(Deadline::after(kReadyWithin)));
    next = Deadline::after(kReadyEvery);
  }
}

void shut_down(Desk& desk, GrpcServer& server, Log& log) {
  desk.stop();
  SystemClock clock;
  const auto by = Deadline::after(kChildrenWithin);
  while (desk.running() > 0 && !by.passed()) {
    clock.wait_until(clock.now() + milliseconds(20));
  }
  if (desk.running() > 0) log.error("children left behind: " + std::to_string(desk.running()));
  server.stop(Deadline::after(kCallsWithin));
}

/// Nobody would refuse an agent with another role, but it would be a coordinator's key on a node.
Status check_own_role(const TlsTexts& tls) {
  const auto own = read_peer(tls.certificate);
  if (!own) return pass_up(own.error(), "reading this agent's own certificate");
  if (own->role == Role::agent) return {};
  return fail(ErrorCode::permission_denied,
              "this agent's own certificate has the role " + std::string(to_string(own->role)));
}

}  // namespace

Status check_address(const std::string& address) {
  const auto wrong =
      fail(ErrorCode::invalid_input, "\"" + address + "\" is not IPv4:PORT or [IPv6]:PORT");
  const auto colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0) return wrong;
  unsigned int port = 0;
  const char* const end = address.data() + address.size();
  const auto [stop, error] = std::from_chars(address.data() + colon + 1, end, port);
  if (error != std::errc{} || stop != end || port > 65535) return wrong;
  std::string host = address.substr(0, colon);
  in6_addr parsed{};
  if (host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    return ::inet_pton(AF_INET6, host.c_str(), &parsed) == 1 ? Status{} : Status(wrong);
  }
  return ::inet_pton(AF_INET, host.c_str(), &parsed) == 1 ? Status{} : Status(wrong);
}

Status run_agent(const AgentOptions& options, Log& log) {
  const auto tls = read_tls(options.tls);
  if (!tls) return tl::unexpected(tls.error());
  if (const auto role = check_own_role(*tls); !role) return role;
  const auto settings = settings_of(options);
  if (!settings) return tl::unexpected(settings.error());
  const auto signals = ending_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  SystemClock clock;
  Metrics metrics(options.node);
  Desk desk(*settings, {clock, log, metrics});
  const auto server = GrpcServer::open(options.listen, *tls, desk, metrics);
  if (!server) return tl::unexpected(server.error());
  std::unique_ptr<HttpServer> http;
  if (!options.metrics.empty()) {
    auto opened = HttpServer::open(options.metrics,
                                   {[&] { return metrics.text(); },
                                    [&] { return desk.unready(Deadline::after(kReadyWithin)); }});
    if (!opened) return tl::unexpected(opened.error());
    http = std::move(*opened);
    log.info("metrics on port " + std::to_string(http->port()));
  }
  log.info("agent of " + options.node + " listens on port " + std::to_string((*server)->port()));
  std::thread listener([&desk] { desk.hear_neighbours(); });
  const int signal = serve_until_signal(desk, log);
  log.info("agent stops on signal " + std::to_string(signal));
  shut_down(desk, **server, log);
  listener.join();
  return {};
}

}  // namespace plumbline::agent
