#include "agent/stage/workloads_asked.hpp"

#include <algorithm>
#include <cctype>

#include "core/protocol/mpi_daemon.hpp"

namespace plumbline::agent {
namespace {

constexpr double kMembersMost = 1024;
constexpr std::size_t kNameMost = 63;
constexpr std::size_t kPrefixMost = 254;  // a DNS name and its slash
// A gang that does not fit must have been turned down within pending_for, however it is found out.
constexpr std::int64_t kGangWaitLeast = 5;
constexpr std::int64_t kGangWaitMost = 60;

/// A DNS label, as Kubernetes names parts of objects.
bool dns_label(const std::string& text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !text.empty() && text.size() <= kNameMost && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(), plain);
}

/// "8", "500m", "16Gi": what Kubernetes takes is for it to say, but no other letters.
bool quantity(const std::string& text) {
  return !text.empty() && text.size() <= 20 && std::isdigit(static_cast<unsigned char>(text[0])) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) || c == '.';
         });
}

void read_claims(YamlSection& workloads, netcheck::claims::RunSpec& run) {
  for (auto& claim : workloads.sections("claims")) {
    netcheck::claims::DeviceAsk ask;
    ask.name = claim.text("name");
    ask.device_class = claim.text("class");
    ask.count = static_cast<std::int64_t>(claim.number_or("count", 1, 1, 128));
    if (!dns_label(ask.name) || ask.name == "tls")
      claim.complain("name", "is no name of a request: small letters, digits and \"-\"");
    const bool twice = std::any_of(run.claims.begin(), run.claims.end(),
                                   [&](const auto& other) { return other.name == ask.name; });
    if (twice) claim.complain("name", "\"" + ask.name + "\" stands twice");
    claim.done();
    run.claims.push_back(std::move(ask));
  }
}

void read_pods(YamlSection& workloads, netcheck::claims::RunSpec& run) {
  run.image = workloads.text_or("image", run.image);
  run.priority_class = workloads.text_or("priority_class", run.priority_class);
  run.scheduler = workloads.text_or("scheduler", "");
  run.labels = workloads.table("labels");
  run.resources = workloads.table("resources");
  run.tolerations = workloads.texts("tolerations");
  run.port = static_cast<int>(workloads.number_or("port", run.port, 1024, 65535));
  if (run.port >= kMpiLaunchPort && run.port < kMpiRankPorts + kMpiPortCount)
    workloads.complain("port", "is one of 7452 to 7499, where Open MPI's ranks in the pods are");
  for (const auto& [name, amount] : run.resources) {
    if (!quantity(amount))
      workloads.complain("resources", "asks for \"" + amount + "\" of " + name +
                                          ", which is no quantity: write 8, 500m or 16Gi");
  }
}

/// A label key: "rack", "fabric.topograph.run/tier-0".
bool label_key(const std::string& text) {
  const std::string name = text.substr(text.find('/') + 1);
  const auto fits = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
  };
  return !name.empty() && name.size() <= kNameMost && text.front() != '/' &&
         std::isalnum(static_cast<unsigned char>(name.front())) &&
         std::isalnum(static_cast<unsigned char>(name.back())) &&
         text.size() - name.size() <= kPrefixMost && std::all_of(name.begin(), name.end(), fits) &&
         std::all_of(text.begin(), text.end() - static_cast<std::ptrdiff_t>(name.size()),
                     [&](char c) { return fits(c) || c == '/'; });
}

/// How many fit in one domain nobody but the user knows before they are there.
void read_domain(YamlSection& workloads, WorkloadsAsked& asked) {
  asked.domain = workloads.text_or("domain", "");
  if (asked.domain.empty()) return;
  if (!label_key(asked.domain))
    workloads.complain("domain", "is \"" + asked.domain +
                                     "\", no key of a node label: write such as "
                                     "topology.kubernetes.io/zone");
  if (asked.members < 2)
    workloads.complain("domain",
                       "needs workloads.members: at least 2, and at most as many as one " +
                           asked.domain + " has nodes");
}

}  // namespace

std::optional<WorkloadsAsked> read_workloads_asked(YamlSection& top,
                                                   const std::string& own_namespace) {
  if (!top.has("workloads")) return std::nullopt;
  YamlSection workloads = top.section("workloads");
  WorkloadsAsked asked;
  asked.run.name_space = own_namespace;
  const std::string kind = workloads.text_or("kind", "Job");
  asked.run.kind = netcheck::claims::parse_workload_kind(kind);
  if (kind != netcheck::claims::to_string(asked.run.kind))
    workloads.complain("kind", "is \"" + kind + "\"; allowed: Job, JobSet, MPIJob, TrainJob");
  const std::string gang = workloads.text_or("gang", "none");
  asked.run.gang = netcheck::claims::parse_gang_form(gang);
  if (gang != netcheck::claims::to_string(asked.run.gang))
    workloads.complain("gang", "is \"" + gang + "\"; allowed: none, coscheduling, volcano, native");
  read_pods(workloads, asked.run);
  read_claims(workloads, asked.run);
  asked.members = static_cast<int>(workloads.number_or("members", 0, 0, kMembersMost));
  read_domain(workloads, asked);
  asked.controls = workloads.words_or("controls", {"negative", "misaligned"},
                                      {"negative", "oversized", "misaligned", "wrong_nic"});
  asked.isolation = workloads.flag_or("isolation", asked.isolation);
  asked.patience = workloads.duration_or("patience", asked.patience);
  asked.pending_for = workloads.duration_or("pending_for", asked.pending_for);
  asked.run.gang_wait_s = std::clamp<std::int64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(asked.pending_for).count() / 2,
      kGangWaitLeast, kGangWaitMost);
  workloads.done();
  if (!dns_label(own_namespace))
    top.complain("own", "namespace is no name that workloads could be made in");
  return asked;
}

}  // namespace plumbline::agent
