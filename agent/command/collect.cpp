#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <ostream>

#include "agent/command/claims_line.hpp"
#include "agent/command/command.hpp"
#include "agent/command/local_probe.hpp"
#include "agent/stage/declared_fabric.hpp"
#include "core/files.hpp"
#include "core/json/codec.hpp"
#include "netcheck/claims/bundle_writer.hpp"
#include "netcheck/claims/kubelet.hpp"

namespace plumbline::agent {
namespace {

constexpr auto kTimeToRead = std::chrono::minutes(5);
constexpr auto kTimeToAnswer = std::chrono::seconds(10);

struct CollectLine {
  std::filesystem::path folder;
  ClusterPlace cluster;
  std::string node;
  netcheck::claims::KubeletPlace kubelet;
  std::string pod;
  std::filesystem::path results;
  std::filesystem::path fabric;
  std::string cni_results;
  std::filesystem::path program;
  bool redact = false;
};

using netcheck::claims::BundleWriter;

/// The claims of the live cluster; what may not be read is said on the log.
Status add_claims(const CollectLine& line, BundleWriter& writer, Log& log) {
  SystemClock clock;
  auto source = open_cluster(line.cluster, clock,
                             [&writer](const std::string& resource, const nlohmann::json& page) {
                               return writer.add_page(resource, page);
                             });
  if (!source) return tl::unexpected(std::move(source.error()));
  auto view = (*source)->snapshot(Deadline::after(kTimeToRead));
  if (!view) return tl::unexpected(std::move(view.error()));
  for (const std::string& warning : view->warnings)
    log.warn("recorded all but this: " + warning);
  return {};
}

/// This machine as the node of that name: its inventory, and its kubelet's answer when it gives
/// one.
Status add_node(const CollectLine& line, BundleWriter& writer, Log& log) {
  Request request;
  request.probe = "inventory";
  request.ends = {{line.node, "", ""}};
  request.limit = {30};
  if (!line.cni_results.empty()) request.options["cni_results"] = line.cni_results;
  auto answer = ask_probe(line.program, request);
  if (!answer) return pass_up(std::move(answer.error()), "taking the inventory");
  if (!answer->topology) return fail(ErrorCode::internal, "the inventory child told no topology");
  answer->topology->node = line.node;
  if (auto added = writer.add(*answer->topology); !added) return added;
  auto holdings =
      netcheck::claims::kubelet_word(line.kubelet, line.node, Deadline::after(kTimeToAnswer));
  for (const std::string& reason : holdings ? holdings->unread : std::vector<std::string>())
    log.warn("recorded all of the kubelet but " + reason);
  if (holdings) return writer.add(*holdings);
  log.warn("the kubelet's answer is not recorded: " + holdings.error().message);
  return {};
}

/// What a stage measured, out of its results folder.
Status add_results(const CollectLine& line, BundleWriter& writer) {
  auto text = read_file(line.results / "report.json");
  if (!text) return tl::unexpected(std::move(text.error()));
  auto report = json::decode_report(*text);
  if (!report) return pass_up(std::move(report.error()), line.results.string());
  for (const Outcome& outcome : report->outcomes) {
    if (auto added = writer.add(outcome); !added) return added;
  }
  return {};
}

/// What a stage file declares of the fabric.
Status add_fabric(const CollectLine& line, BundleWriter& writer) {
  const auto fabric = read_declared_fabric(line.fabric);
  if (!fabric) return tl::unexpected(fabric.error());
  return writer.add_declared(declared_text(*fabric));
}

Result<std::size_t> collect(const CollectLine& line, Log& log) {
  if (!line.cluster.named() && line.node.empty() && line.results.empty()) {
    return fail(
        ErrorCode::invalid_input,
        "collect needs --kubeconfig or --in-cluster for claims, --node for this machine, or "
        "--results for what a stage measured "
        "(see plumbline collect --help)");
  }
  if (!line.pod.empty() && line.pod.find('/') == std::string::npos) {
    return fail(ErrorCode::invalid_input, "--pod needs NAMESPACE/NAME, not " + line.pod);
  }
  auto writer = BundleWriter::open(line.folder, line.redact);
  if (!writer) return tl::unexpected(std::move(writer.error()));
  if (line.cluster.named()) {
    if (auto added = add_claims(line, *writer, log); !added)
      return tl::unexpected(std::move(added.error()));
  }
  if (!line.node.empty()) {
    if (auto added = add_node(line, *writer, log); !added)
      return tl::unexpected(std::move(added.error()));
  }
  if (!line.results.empty()) {
    if (auto added = add_results(line, *writer); !added)
      return tl::unexpected(std::move(added.error()));
  }
  if (!line.fabric.empty()) {
    if (auto added = add_fabric(line, *writer); !added)
      return tl::unexpected(std::move(added.error()));
  }
  return writer->finish();
}

int run(CollectLine line, const CommonOptions& common, const Streams& streams, Log& log) {
  const auto slash = line.pod.find('/');
  if (slash != std::string::npos)
    line.kubelet.pod = {line.pod.substr(0, slash), line.pod.substr(slash + 1)};
  const auto files = collect(line, log);
  if (!files) return tell_error(streams, files.error());
  const char* const redacted = line.redact ? "true" : "false";
  if (common.json()) {
    streams.out << R"({"schema":"plumbline.collected/v1","files":)" << *files << R"(,"redacted":)"
                << redacted << "}\n";
  } else {
    streams.out << *files << " files in " << line.folder.string()
                << (line.redact ? ", names and addresses are pseudonyms" : "") << "\n";
  }
  return 0;
}

}  // namespace

void add_collect(CLI::App& line, Chosen& chosen, const Streams& streams) {
  auto* const command = line.add_subcommand(
      "collect", "Records a bundle: claims of a live cluster, and this node's own word");
  const auto options = std::make_shared<CollectLine>();
  command
      ->add_option("folder", options->folder,
                   "New or empty folder for the bundle, or a new NAME.tar.gz")
      ->required();
  add_cluster_options(*command, options->cluster);
  command->add_option("--node", options->node,
                      "Also record this machine, as the node of this name");
  command->add_option("--kubelet-socket", options->kubelet.socket, "PodResources v1 of its kubelet")
      ->capture_default_str();
  command
      ->add_option("--kubelet-state", options->kubelet.state,
                   "Its folder: CPU, memory and device manager's files, when readable")
      ->capture_default_str();
  command->add_option("--cgroup-root", options->kubelet.cgroups, "cgroup mount of this machine")
      ->capture_default_str();
  command->add_option("--pod", options->pod,
                      "NAMESPACE/NAME: of the kubelet's answer only this pod's");
  command
      ->add_option("--results", options->results, "Also what a stage measured: its results folder")
      ->check(CLI::ExistingDirectory);
  command
      ->add_option("--fabric", options->fabric,
                   "Also what the fabric section of this stage file declares: rails and rates")
      ->check(CLI::ExistingFile);
  command->add_option("--cni-results", options->cni_results,
                      "libcni's result cache: looks into the pods' network namespaces too");
  command->add_option("--probe", options->program,
                      "The measuring program (default: plumbline-probe beside this one)");
  command->add_flag("--redact", options->redact,
                    "Pseudonyms for names, UUIDs and addresses, the same one everywhere");
  add_common(
      *command, chosen.common,
      "plumbline collect bundle/ --kubeconfig ~/.kube/config --redact\n"
      "  plumbline collect bundle.tar.gz --in-cluster --results results/ --fabric stage.yaml\n"
      "  plumbline check bundle/");
  command->callback([&chosen, options, streams] {
    chosen.action = [&chosen, options, streams](Log& log) {
      return run(*options, chosen.common, streams, log);
    };
  });
}

}  // namespace plumbline::agent
