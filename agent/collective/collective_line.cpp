#include "agent/collective/collective_line.hpp"

#include <algorithm>
#include <charconv>
#include <map>

#include "agent/stage/collective_identities.hpp"

namespace plumbline::agent {
namespace {

constexpr std::size_t kMostSizes = 1000;
constexpr double kStartAndEnd = 20;  // s: launching, connecting, leaving
constexpr const char* kAllReductions = "sum,prod,max,min,avg,mulsum";
constexpr const char* kAllTypes =
    "int8,uint8,int32,uint32,int64,uint64,half,float,double,bfloat16,f8e4m3,f8e5m2";

/// Bytes of an element; of all types the widest.
std::uint64_t element_size(const std::string& type) {
  if (type == "int8" || type == "uint8" || type.starts_with("f8")) return 1;
  if (type == "half" || type == "bfloat16") return 2;
  return type == "int32" || type == "uint32" || type == "float" ? 4 : 8;
}

bool known(const std::string& word, const char* list) {
  const auto words = parts_of(list);
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::optional<int> number_behind(const std::string& text, const std::string& prefix) {
  if (!text.starts_with(prefix)) return std::nullopt;
  int number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + prefix.size(), end, number);
  if (read.ec != std::errc() || read.ptr != end || number < 1) return std::nullopt;
  return number;
}

std::string joined(const std::vector<int>& numbers) {
  std::string text;
  for (const int number : numbers)
    text += (text.empty() ? "" : ",") + std::to_string(number);
  return text;
}

bool fixed(const CollectiveLine& line) { return line.timed || line.warmup; }

Seconds limit_of(const CollectiveLine& line, const Request& request) {
  const double types = static_cast<double>(parts_of(request.options.at("type")).size());
  const double how = static_cast<double>(parts_of(request.options.at("redop")).size());
  const double numbers = 2 * types * how * static_cast<double>(request.sizes.size());
  const double stall = line.timeout > 0 ? line.timeout : 30;
  // Counts have no budget of time: the stall alone ends them, and an hour in all.
  return {fixed(line) ? 3600 : numbers * (3 * line.seconds + 2) + kStartAndEnd + stall};
}

Status check(const CollectiveLine& line) {
  const auto refuse = [](const std::string& why) { return fail(ErrorCode::invalid_input, why); };
  if (line.threads < 1 || line.gpus < 1) return refuse("-t and -g are at least 1");
  if (line.threads * line.gpus > 4096) return refuse("more than 4096 ranks");
  if (line.type != "all" && !known(line.type, kAllTypes))
    return refuse("-d " + line.type + " is no data type (there are: all," + kAllTypes + ")");
  if (line.timed && *line.timed < 1) return refuse("-n 0 measures nothing");
  if (line.via == "nccl" && line.gpu_memory) return refuse("--buffers needs --via mpi");
  if (line.via == "mpi" && line.graph > 0) return refuse("-G needs NCCL: MPI has no CUDA graphs");
  if (line.via == "mpi" && line.registered > 0)
    return refuse("-R needs NCCL: MPI registers no buffers");
  if (line.via == "mpi" && line.share_gpu) return refuse("--share-gpu needs NCCL");
  if (line.via == "nccl" && !line.hosts.empty() && line.agents.empty())
    return refuse("--hosts needs --via mpi, or --agents FILE whose agents start NCCL's ranks");
  if (line.via == "mpi" && !line.agents.empty())
    return refuse("--agents needs --via nccl: MPI's ranks are started by its launcher");
  if (!line.agents.empty() && !line.fault.empty())
    return refuse("--fault is for ranks of this machine, not of agents");
  const bool racks = line.split == "rack" || line.split == "nvlink_domain";
  if (racks && line.agents.empty())
    return refuse("--split " + line.split + " needs --agents FILE, which knows racks and domains");
  return {};
}

}  // namespace

Result<ChosenOutput> chosen_output(const std::vector<std::string>& words) {
  ChosenOutput chosen;
  for (const std::string& word : words) {
    if (word == "table" || word == "json") {
      chosen.json = word == "json";
    } else if (word == "all") {
      chosen.reductions = kAllReductions;
    } else if (known(word, kAllReductions)) {
      chosen.reductions = word;
    } else {
      return fail(ErrorCode::invalid_input, "-o " + word +
                                                " is no reduction and no output (there are: all," +
                                                kAllReductions + "; table, json)");
    }
  }
  return chosen;
}

Result<std::vector<Bytes>> chosen_sizes(const CollectiveLine& line) {
  const auto least = parse_size(line.least);
  if (!least) return pass_up(least.error(), "-b");
  const auto most = parse_size(line.most);
  if (!most) return pass_up(most.error(), "-e");
  const auto step = parse_size(line.step);
  if (!step) return pass_up(step.error(), "-i");
  if (least->count > most->count)
    return fail(ErrorCode::invalid_input, "-b " + line.least + " is over -e " + line.most);
  const bool multiply = line.factor > 1;
  if (least->count < most->count && !multiply && step->count == 0)
    return fail(ErrorCode::invalid_input, "-i 0 never comes to -e");
  if (least->count == 0 && multiply)
    return fail(ErrorCode::invalid_input, "-b 0 times -f never comes to -e");
  std::vector<Bytes> sizes;
  for (std::uint64_t size = least->count; size <= most->count;) {
    const std::uint64_t element = element_size(line.type);
    const Bytes whole{size / element * element};
    if (sizes.empty() || sizes.back() != whole) sizes.push_back(whole);
    if (sizes.size() > kMostSizes)
      return fail(ErrorCode::invalid_input, "more than 1000 sizes from -b to -e");
    const auto times = static_cast<std::uint64_t>(static_cast<double>(size) * line.factor);
    const std::uint64_t next = multiply ? std::max(times, size + 1) : size + step->count;
    if (next == size) break;
    size = next;
  }
  return sizes;
}

std::vector<std::string> chosen_places(const CollectiveLine& line, const std::string& here) {
  const auto each = static_cast<std::size_t>(line.threads) * static_cast<std::size_t>(line.gpus);
  std::vector<std::string> places;
  for (const std::string& host : line.hosts.empty() ? std::vector{here} : line.hosts)
    places.insert(places.end(), each, host);
  return places;
}

Result<std::vector<int>> chosen_colours(const CollectiveLine& line, int ranks) {
  std::vector<int> colours;
  if (line.split.empty()) return colours;
  const auto modulo = number_behind(line.split, "MOD:");
  auto divisor = number_behind(line.split, "DIV:");
  if (line.split == "pairs") divisor = 2;
  if (line.split == "node") divisor = line.threads * line.gpus;
  const auto rails = line.split == "rail" ? std::optional(line.threads * line.gpus) : modulo;
  if (line.split == "rack" || line.split == "nvlink_domain")
    return colours;  // see domain_colours()
  if (!rails && !divisor)
    return fail(ErrorCode::invalid_input,
                "--split " + line.split +
                    " is not known (there are: node, rail, rack, nvlink_domain, pairs, MOD:k, "
                    "DIV:k)");
  for (int rank = 0; rank < ranks; ++rank)
    colours.push_back(rails ? rank % *rails : rank / *divisor);
  return colours;
}

std::vector<int> domain_colours(const std::vector<std::string>& domains) {
  std::map<std::string, int> known;
  std::vector<int> colours;
  for (const std::string& domain : domains) {
    const int fresh = static_cast<int>(known.size());
    colours.push_back(known.emplace(domain, fresh).first->second);
  }
  return colours;
}

std::string colours_text(const std::vector<int>& colours) { return joined(colours); }

Result<Request> request_of(const CollectiveLine& line, const std::string& here) {
  if (auto right = check(line); !right) return tl::unexpected<Error>(right.error());
  const auto output = chosen_output(line.words);
  if (!output) return tl::unexpected<Error>(output.error());
  auto sizes = chosen_sizes(line);
  if (!sizes) return tl::unexpected<Error>(sizes.error());
  Request request;
  request.probe = line.operation;
  for (const std::string& place : chosen_places(line, here))
    request.ends.push_back({place, "", ""});
  request.size = static_cast<int>(request.ends.size());
  if (line.root < 0 || line.root >= request.size)
    return fail(ErrorCode::invalid_input, "-r " + std::to_string(line.root) + " is no rank");
  const auto colours = chosen_colours(line, request.size);
  if (!colours) return tl::unexpected<Error>(colours.error());
  request.sizes = std::move(*sizes);
  request.seed = 1;
  request.budget.time = {line.seconds};
  request.budget.batch = {std::min(0.3, line.seconds / 6)};
  request.budget.width = line.width;
  request.options = {{"type", line.type == "all" ? kAllTypes : line.type},
                     {"redop", output->reductions},
                     {"root", std::to_string(line.root)},
                     {"place", "both"},
                     {"samples", "1"},
                     {"blocking", std::to_string(line.blocking)},
                     {"stall", std::to_string(line.timeout > 0 ? line.timeout : 30)}};
  if (fixed(line)) {
    request.options["iterations"] = std::to_string(line.timed.value_or(20));
    request.options["warmup"] = std::to_string(line.warmup.value_or(1));
  }
  if (!colours->empty()) request.options["colours"] = joined(*colours);
  if (line.graph > 0) request.options["graphs"] = std::to_string(line.graph);
  if (line.registered > 0) request.options["register"] = std::to_string(line.registered);
  if (line.share_gpu) request.options["share_gpu"] = "1";
  if (line.gpu_memory) request.options["memory"] = "gpu";
  if (!line.fault.empty()) request.options["fault"] = line.fault;
  if (!line.transport.empty()) request.options["transport"] = line.transport;
  request.limit = limit_of(line, request);
  return request;
}

PerfHead head_of(const CollectiveLine& line, const Request& request) {
  PerfHead head;
  head.operation = line.operation;
  head.threads = line.threads;
  head.gpus = line.gpus;
  head.least = parse_size(line.least).value_or(Bytes{}).count;
  head.most = parse_size(line.most).value_or(Bytes{}).count;
  head.factor = line.factor > 1;
  head.step = head.factor ? static_cast<std::uint64_t>(line.factor)
                          : parse_size(line.step).value_or(Bytes{}).count;
  head.warmup = fixed(line) ? line.warmup.value_or(1) : 0;
  head.iterations = fixed(line) ? line.timed.value_or(20) : 0;
  head.graph = line.graph;
  head.single_runs = line.single_runs > 0;
  if (!fixed(line))
    head.how = "sampled: six or more batches until the 95 % interval is known, " +
               format_time({line.seconds}) + " a number at most";
  for (const Endpoint& end : request.ends)
    head.places.push_back(end.node);
  if (const auto colours = request.options.find("colours"); colours != request.options.end()) {
    for (const std::string& colour : parts_of(colours->second)) {
      int group = 0;
      std::from_chars(colour.data(), colour.data() + colour.size(), group);
      head.groups.push_back(group);
    }
  }
  return head;
}

}  // namespace plumbline::agent
