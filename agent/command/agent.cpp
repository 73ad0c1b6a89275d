#include <CLI/CLI.hpp>

#include "agent/command/command.hpp"
#include "agent/service/daemon.hpp"

namespace plumbline::agent {
namespace {

constexpr const char* kExample =
    "plumbline agent --node node-1 --listen 10.70.0.11:7443 --tls-ca ca.pem \\\n"
    "    --tls-cert node-1.pem --tls-key node-1-key.pem --metrics 127.0.0.1:9464";

std::string wrong_address(const std::string& text) {
  const auto checked = check_address(text);
  return checked ? std::string{} : checked.error().message;
}

void add_options(CLI::App& command, AgentOptions& options) {
  const CLI::Validator address(wrong_address, "IP:PORT");
  command.add_option("--node", options.node, "This node's name")->required();
  command.add_option("--listen", options.listen, "Where coordinators connect")
      ->required()
      ->check(address);
  command.add_option("--tls-ca", options.tls.ca, "Authority of agents and coordinators, PEM")
      ->required();
  command.add_option("--tls-cert", options.tls.certificate, "This agent's certificate, PEM")
      ->required();
  command.add_option("--tls-key", options.tls.key, "Its private key, PEM")->required();
  command.add_option("--kubelet-socket", options.kubelet_socket, "PodResources v1 of the kubelet")
      ->capture_default_str();
  command
      .add_option("--kubelet-state", options.kubelet_state,
                  "The kubelet's folder: CPU, memory and device manager's files, when readable")
      ->capture_default_str();
  command.add_option("--cgroup-root", options.cgroups,
                     "cgroup mount of the machine (default: sys/fs/cgroup below --sysfs-root)");
  command.add_option("--cni-results", options.cni_results, "libcni's result cache of this node")
      ->capture_default_str();
  command.add_flag("--placed", options.placed,
                   "It runs without rights in a pod that the scheduler placed: the pod's devices "
                   "are its own, and no kubelet is asked (`plumbline stage` makes such pods)");
  command.add_option("--sysfs-root", options.sysfs_root, "The machine's root, when it is not /");
  command
      .add_option("--drivers", options.drivers,
                  "fake:FILE: GPUs that FILE describes, not this machine's (docs/gpu-facts.md)")
      ->check(CLI::Validator(wrong_drivers, "fake:FILE"));
  command.add_option("--probe", options.probe_program,
                     "The measuring program (default: plumbline-probe beside this one)");
  command.add_option("--rank", options.rank_program,
                     "The rank of a collective (default: plumbline-rank beside this one)");
  command
      .add_option("--listen-lldp", options.lldp_seconds,
                  "Seconds to listen for LLDP neighbours at the start; switches send every 30 "
                  "(CAP_NET_RAW)")
      ->check(CLI::Range(0.0, 120.0));
  command.add_option("--metrics", options.metrics, "Serves /metrics, /healthz, /readyz over HTTP")
      ->check(address);
  command
      .add_option("--allow-peer-subnet", options.peer_subnets,
                  "Only devices with an address in this network are measured; may be given again")
      ->allow_extra_args(false);
}

}  // namespace

void add_agent(CLI::App& line, Chosen& chosen, const Streams& streams) {
  auto* const command = line.add_subcommand("agent", "The daemon of one node: measures when asked");
  const auto options = std::make_shared<AgentOptions>();
  add_options(*command, *options);
  add_common(*command, chosen.common, kExample);
  command->callback([&chosen, options, streams] {
    chosen.action = [options, streams](Log& log) {
      const auto served = run_agent(*options, log);
      return served ? 0 : tell_error(streams, served.error());
    };
  });
}

}  // namespace plumbline::agent
