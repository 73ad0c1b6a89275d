#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <optional>
#include <ostream>
#include <string_view>

#include "agent/command/command.hpp"
#include "agent/command/local_pair.hpp"
#include "agent/command/local_probe.hpp"
#include "agent/command/local_verdict.hpp"
#include "agent/command/nvidia.hpp"
#include "agent/command/outcome_table.hpp"
#include "agent/service/bounds.hpp"
#include "agent/supervisor/gpu_release.hpp"

namespace plumbline::agent {
namespace {

constexpr std::chrono::seconds kReleaseWithin{10};
constexpr double kPairSetUp = 30;    ///< seconds for two contexts, memory and the last comparison
constexpr double kGpuLimit = 3600;   ///< a node of eight GPUs has hundreds of paths
constexpr double kRdmaLimit = 3600;  ///< and one of eight ports 64 times the NUMA nodes

struct ProbeLine {
  std::vector<std::string> names;
  double seconds = 8;
  std::filesystem::path program;
  std::string sysfs_root = "/";
  std::vector<std::string> gpus;  ///< one, or for gpu_pair two
  std::vector<std::string> measure;
  std::vector<std::string> sizes;
  std::string drivers;
  std::string device;      ///< one RDMA device alone
  std::string operations;  ///< of rdma_loopback
};

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
    if (!line.drivers.empty()) request.options["drivers"] = line.drivers;
  }
  if (!is_gpu_probe(name)) return request;
  request.limit = {kGpuLimit};
  if (!line.gpus.empty()) request.ends[0].device = line.gpus.front();
  request.measure = line.measure;
  for (const auto& size : line.sizes)
    request.sizes.push_back(parse_size(size).value_or(Bytes{}));
  if (!line.drivers.empty()) request.options["drivers"] = line.drivers;
  if (line.names.empty()) request.options["if_any"] = "yes";  // nobody asked for it by name
  return request;
}

/// Why there is no pair of GPUs: a child that opens the driver knows it best.
std::vector<Outcome> no_pairs(const ProbeLine& line, Request request,
                              const std::optional<Topology>& before) {
  request.size = 2;
  request.ends = {{host_name(), "", ""}, {host_name(), "", ""}};
  Outcome outcome;
  outcome.probe = request.probe;
  outcome.from = outcome.to = request.ends[0];
  outcome.result = Skipped{"there is no whole GPU: each is cut into MIG slices"};
  if (before && before->gpus) return {outcome};
  const LocalRun run = run_probe(line.program, request);
  if (!run.answer.outcomes.empty()) return run.answer.outcomes;
  if (run.failed) outcome.result = Failed{*run.failed, host_name()};
  return {outcome};
}

/// Two processes for each pair of GPUs; without GPUs one child says why there are none.
std::vector<Outcome> measure_pairs(const ProbeLine& line, const std::optional<Topology>& before,
                                   Log& log) {
  Request base = request_of("gpu_pair", line);
  base.measure.clear();
  base.limit = {line.seconds + kPairSetUp};
  auto requests = gpu_pair_requests(base, before, line.gpus);
  std::vector<Outcome> outcomes;
  for (const Request& request : requests) {
    log.info("probe gpu_pair " + request.ends[0].device + " to " + request.ends[1].device);
    for (auto& outcome : measure_local_pair(line.program, request))
      outcomes.push_back(std::move(outcome));
  }
  return requests.empty() ? no_pairs(line, std::move(base), before) : outcomes;
}

/// A child that ends badly is one failed outcome, unless it has told of one itself; the other
/// probes still run.
std::vector<Outcome> measure(const ProbeLine& line, const std::vector<std::string>& names,
                             const std::optional<Topology>& before, Log& log) {
  std::vector<Outcome> outcomes;
  for (const auto& name : names) {
    if (name == "gpu_pair") {
      for (auto& outcome : measure_pairs(line, before, log))
        outcomes.push_back(std::move(outcome));
      continue;
    }
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

/// This machine's GPUs now, as its drivers tell them.
Result<Topology> gpus_now(const ProbeLine& line) {
  Request request;
  request.probe = "inventory";
  request.ends = {{host_name(), "", ""}};
  request.limit = {30};
  if (!line.drivers.empty()) request.options["drivers"] = line.drivers;
  auto told = ask_probe(line.program, request);
  if (!told) return tl::unexpected(told.error());
  if (told->topology) return std::move(*told->topology);
  return fail(ErrorCode::internal, "the inventory told nothing");
}

/// What this machine's GPUs tell beside their numbers, and whether they were left free.
std::vector<Finding> judged(const ProbeLine& line, const Topology& before,
                            const std::vector<Outcome>& outcomes) {
  SystemClock clock;
  const FileTree proc("/proc");
  Result<Topology> now = fail(ErrorCode::internal, "the GPUs were not asked for");
  const AskGpus ask = [&](Deadline) { return now = gpus_now(line); };
  const auto spared = occupied_gpus(before);
  const auto freed = prove_gpus_free(ask, spared, proc, clock, Deadline::after(kReleaseWithin));
  if (!now) return {gpus_unseen(host_name(), now.error().message)};
  auto findings = findings_here(*now, outcomes);
  if (freed) return findings;
  auto left = not_released(host_name(), unreleased_gpus(*now, spared, proc));
  left.insert(left.end(), findings.begin(), findings.end());
  return left;
}

/// The numbers, and what they and the GPUs' facts tell.
struct Probed {
  std::vector<Outcome> outcomes;
  std::vector<Finding> findings;
};

Probed probe(const ProbeLine& line, Log& log) {
  const auto names = names_for(line);
  if (std::none_of(names.begin(), names.end(), is_gpu_probe))
    return {measure(line, names, std::nullopt, log), {}};
  const auto before = gpus_now(line);
  const auto known = before ? std::optional(*before) : std::nullopt;
  Probed probed{measure(line, names, known, log), {}};
  probed.findings = known ? judged(line, *known, probed.outcomes)
                          : std::vector{gpus_unseen(host_name(), before.error().message)};
  return probed;
}

std::string as_json(const ProbeLine& line, const Probed& probed) {
  std::string text = outcome_json(probed.outcomes);
  const std::string_view schema = R"({"schema":"plumbline.outcomes/v1")";
  if (!line.drivers.empty()) text.insert(schema.size(), R"(,"from_fakes":true)");
  return with_findings(std::move(text), probed.findings);
}

int run(const ProbeLine& line, const CommonOptions& common, const Streams& streams, Log& log) {
  const Probed probed = probe(line, log);
  if (common.json()) {
    streams.out << as_json(line, probed);
  } else {
    if (!line.drivers.empty())
      streams.out << "described by " << line.drivers << ", not measured: no evidence of anything\n";
    streams.out << outcome_table(probed.outcomes) << findings_text(probed.findings);
  }
  return exit_code_with(probed.findings, outcome_exit_code(probed.outcomes));
}

void add_gpu_options(CLI::App& command, ProbeLine& line) {
  command.add_option("--gpu", line.gpus, "Only this GPU, by its UUID; for gpu_pair from and to")
      ->expected(1, 2);
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
      ->check(CLI::Validator(wrong_drivers, "fake:FILE"));
}

}  // namespace

void add_probe(CLI::App& line, Chosen& chosen, const Streams& streams) {
  auto* const command = line.add_subcommand("probe", "Measures this node's own paths");
  const auto options = std::make_shared<ProbeLine>();
  command
      ->add_option("name", options->names,
                   "memory_copy loopback_latency rdma_loopback gpu_copy gpu_latency gpu_together "
                   "gpu_pair (default: the first two, the third where there is an RDMA device, and "
                   "the GPU's but gpu_pair where PCI shows an NVIDIA GPU)")
      ->check(CLI::IsMember({"memory_copy", "loopback_latency", "rdma_loopback", "gpu_copy",
                             "gpu_latency", "gpu_together", "gpu_pair"}));
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
