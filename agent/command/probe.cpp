#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "agent/command/command.hpp"
#include "agent/command/local_probe.hpp"
#include "agent/command/nvidia.hpp"
#include "agent/command/outcome_table.hpp"

namespace plumbline::agent {
namespace {

constexpr double kGpuLimit = 3600;   ///< a node of eight GPUs has hundreds of paths
constexpr double kRdmaLimit = 3600;  ///< and one of eight ports 64 times the NUMA nodes

struct ProbeLine {
  std::vector<std::string> names;
  double seconds = 8;
  std::filesystem::path program;
  std::string sysfs_root = "/";
  std::string gpu;
  std::vector<std::string> measure;
  std::vector<std::string> sizes;
  std::string drivers;
  std::string device;      ///< one RDMA device alone
  std::string operations;  ///< of rdma_loopback
};

bool is_gpu_probe(const std::string& name) { return name.rfind("gpu_", 0) == 0; }

/// Without names: what this node has.
std::vector<std::string> names_for(const ProbeLine& line) {
  if (!line.names.empty()) return line.names;
  std::vector<std::string> names{"memory_copy", "loopback_latency"};
  const auto rdma = FileTree(line.sysfs_root).list("sys/class/infiniband");
  if (rdma && !rdma->empty()) names.emplace_back("rdma_loopback");
  const bool described = !line.drivers.empty();
  const std::size_t gpus = count_nvidia_gpus(FileTree(line.sysfs_root));
  if (described || gpus > 0) names.insert(names.end(), {"gpu_copy", "gpu_latency"});
  if (described || gpus > 1) names.emplace_back("gpu_together");
  return names;
}

Request request_of(const std::string& name, const ProbeLine& line) {
  Request request;
  request.probe = name;
  request.ends = {{host_name(), "", ""}};
  request.budget.time = {line.seconds};
  request.limit = {line.seconds * 4 + 10};  // a machine with several NUMA nodes has several numbers
  if (name == "rdma_loopback") {
    request.limit = {kRdmaLimit};
    request.ends[0].device = line.device;
    for (const auto& size : line.sizes)
      request.sizes.push_back(parse_size(size).value_or(Bytes{}));
    if (!line.operations.empty()) request.options["operations"] = line.operations;
  }
  if (!is_gpu_probe(name)) return request;
  request.limit = {kGpuLimit};
  request.ends[0].device = line.gpu;
  request.measure = line.measure;
  for (const auto& size : line.sizes)
    request.sizes.push_back(parse_size(size).value_or(Bytes{}));
  if (!line.drivers.empty()) request.options["drivers"] = line.drivers;
  return request;
}

/// A child that ends badly is one failed outcome, unless it has told of one itself; the other
/// probes still run.
std::vector<Outcome> measure(const ProbeLine& line, Log& log) {
  std::vector<Outcome> outcomes;
  for (const auto& name : names_for(line)) {
    log.info("probe " + name);
    const LocalRun run = run_probe(line.program, request_of(name, line));
    const auto& told = run.answer.outcomes;
    outcomes.insert(outcomes.end(), told.begin(), told.end());
    const bool explained = std::any_of(told.begin(), told.end(), [](const Outcome& outcome) {
      return outcome.failed() != nullptr;
    });
    if (!run.failed || explained) continue;
    Outcome failed;
    failed.probe = name;
    failed.from = failed.to = {host_name(), "", ""};
    failed.result = Failed{*run.failed, host_name()};
    outcomes.push_back(std::move(failed));
  }
  return outcomes;
}

int run(const ProbeLine& line, const CommonOptions& common, const Streams& streams, Log& log) {
  const auto outcomes = measure(line, log);
  if (!common.json() && !line.drivers.empty())
    streams.out << "described by " << line.drivers << ", not measured: no evidence of anything\n";
  streams.out << (common.json() ? outcome_json(outcomes) : outcome_table(outcomes));
  return outcome_exit_code(outcomes);
}

void add_gpu_options(CLI::App& command, ProbeLine& line) {
  command.add_option("--gpu", line.gpu, "Only this GPU, by its UUID");
  command
      .add_option("--measure", line.measure,
                  "GPU paths instead of the usual ones: host_to_device device_to_host "
                  "host_both_ways local write read both_ways; host peers; one_to_all all_to_one "
                  "matching; with 'sm' also by a kernel, with 'sweep' sizes from 4 KiB up")
      ->check(CLI::IsMember({"host_to_device", "device_to_host", "host_both_ways", "local", "write",
                             "read", "both_ways", "host", "peers", "one_to_all", "all_to_one",
                             "matching", "sm", "sweep"}));
  command
      .add_option("--size", line.sizes,
                  "Sizes of one GPU copy, e.g. 64KiB 256MiB (multiples of 16)")
      ->check([](const std::string& text) {
        const auto size = parse_size(text);
        const bool good = size && size->count >= 16 && size->count % 16 == 0;
        return good ? std::string{} : text + " is no size of a multiple of 16 bytes";
      });
  command
      .add_option("--drivers", line.drivers,
                  "fake:FILE plays the GPUs that FILE describes: for tests, never evidence")
      ->check([](const std::string& text) {
        return text.rfind("fake:", 0) == 0 ? std::string{} : "drivers must be fake:FILE";
      });
}

}  // namespace

void add_probe(CLI::App& line, Chosen& chosen, const Streams& streams) {
  auto* const command = line.add_subcommand("probe", "Measures this node's own paths");
  const auto options = std::make_shared<ProbeLine>();
  command
      ->add_option("name", options->names,
                   "memory_copy loopback_latency rdma_loopback gpu_copy gpu_latency gpu_together "
                   "(default: the first two, the third where there is an RDMA device, and the "
                   "GPU's where PCI shows an NVIDIA GPU)")
      ->check(CLI::IsMember({"memory_copy", "loopback_latency", "rdma_loopback", "gpu_copy",
                             "gpu_latency", "gpu_together"}));
  command->add_option("--budget", options->seconds, "Seconds for one number at most")
      ->check(CLI::Range(0.5, 60.0))
      ->capture_default_str();
  command->add_option("--device", options->device, "rdma_loopback: only this RDMA device");
  command->add_option("--operations", options->operations,
                      "rdma_loopback: write, read, send; a list (default: write)");
  add_gpu_options(*command, *options);
  command->add_option("--sysfs-root", options->sysfs_root,
                      "Where PCI devices are looked for, when it is not /");
  command->add_option("--probe", options->program,
                      "The measuring program (default: plumbline-probe beside this one)");
  add_common(*command, chosen.common,
             "plumbline probe memory_copy\n"
             "         plumbline probe gpu_copy --measure host_to_device local sm");
  command->callback([&chosen, options, streams] {
    chosen.action = [&chosen, options, streams](Log& log) {
      return run(*options, chosen.common, streams, log);
    };
  });
}

}  // namespace plumbline::agent
