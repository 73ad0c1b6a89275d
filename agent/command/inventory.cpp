#include <CLI/CLI.hpp>
#include <ostream>

#include "agent/command/command.hpp"
#include "agent/command/inventory_tree.hpp"
#include "agent/command/local_probe.hpp"
#include "agent/command/local_verdict.hpp"
#include "core/json/codec.hpp"

namespace plumbline::agent {
namespace {

struct InventoryLine {
  std::string sysfs_root;
  std::string cni_results;
  std::string drivers;
  double listen = 0;
  std::filesystem::path program;
};

constexpr double kWithin = 30;  // seconds for all but listening

Result<Topology> take(const InventoryLine& line) {
  Request request;
  request.probe = "inventory";
  request.ends = {{host_name(), "", ""}};
  request.limit = {kWithin + line.listen};
  if (line.listen > 0) request.options["lldp_seconds"] = std::to_string(line.listen);
  if (!line.sysfs_root.empty()) request.options["sysfs_root"] = line.sysfs_root;
  if (!line.cni_results.empty()) request.options["cni_results"] = line.cni_results;
  if (!line.drivers.empty()) request.options["drivers"] = line.drivers;
  auto answer = ask_probe(line.program, request);
  if (!answer) return tl::unexpected(answer.error());
  if (answer->topology) return std::move(*answer->topology);
  return fail(ErrorCode::internal, "the inventory child told no topology");
}

int run(const InventoryLine& line, const CommonOptions& common, const Streams& streams) {
  const auto topology = take(line);
  if (!topology) return tell_error(streams, topology.error());
  // What is wrong with GPUs and their links, before any byte moves.
  const auto findings = findings_here(*topology, {});
  if (common.json()) {
    streams.out << R"({"schema":"plumbline.inventory/v1","topology":)" << json::encode(*topology);
    if (!findings.empty()) streams.out << R"(,"findings":)" << findings_json(findings);
    streams.out << "}\n";
  } else {
    streams.out << inventory_tree(*topology, host_name()) << findings_text(findings);
  }
  return exit_code_with(findings, 0);
}

}  // namespace

void add_inventory(CLI::App& line, Chosen& chosen, const Streams& streams) {
  auto* const command = line.add_subcommand(
      "inventory", "This node's CPUs, PCI tree, network devices and GPUs, as a tree");
  const auto options = std::make_shared<InventoryLine>();
  command->add_option("--sysfs-root", options->sysfs_root, "The machine's root, when it is not /");
  command->add_option("--cni-results", options->cni_results,
                      "libcni's result cache: looks into the pods' network namespaces too");
  command
      ->add_option("--listen", options->listen,
                   "Seconds to listen for LLDP neighbours; switches send every 30 (CAP_NET_RAW)")
      ->check(CLI::Range(0.0, 120.0));
  command
      ->add_option("--drivers", options->drivers,
                   "fake:FILE: GPUs that FILE describes, not this machine's (docs/gpu-facts.md)")
      ->check(CLI::Validator(wrong_drivers, "fake:FILE"));
  command->add_option("--probe", options->program,
                      "The measuring program (default: plumbline-probe beside this one)");
  add_common(*command, chosen.common, "plumbline inventory");
  command->callback([&chosen, options, streams] {
    chosen.action = [&chosen, options, streams](Log& /*log*/) {
      return run(*options, chosen.common, streams);
    };
  });
}

}  // namespace plumbline::agent
