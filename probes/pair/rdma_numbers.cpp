#include "probes/pair/rdma_numbers.hpp"

#include <algorithm>
#include <charconv>
#include <sstream>

namespace plumbline::probes {

namespace {

constexpr std::size_t kMostNumbers = 256;
constexpr unsigned kMostDepth = 4096;
constexpr unsigned kMostPairs = 64;
constexpr unsigned kMostNodes = 1024;
constexpr unsigned kMostGids = 65535;

std::vector<std::string> words_of(const Request& request, const std::string& option,
                                  const std::string& otherwise) {
  const auto found = request.options.find(option);
  std::istringstream text(found == request.options.end() ? otherwise : found->second);
  std::vector<std::string> words;
  for (std::string word; std::getline(text, word, ',');)
    words.push_back(word);
  return words;
}

std::string option_of(const Request& request, const std::string& name) {
  const auto found = request.options.find(name);
  return found == request.options.end() ? std::string{} : found->second;
}

Result<unsigned> number_in(const std::string& word, const std::string& option, unsigned least,
                           unsigned most) {
  unsigned value = 0;
  const auto read = std::from_chars(word.data(), word.data() + word.size(), value);
  if (read.ec == std::errc() && read.ptr == word.data() + word.size() && value >= least &&
      value <= most) {
    return value;
  }
  return fail(ErrorCode::invalid_input, option + ": '" + word + "' is no number from " +
                                            std::to_string(least) + " to " + std::to_string(most));
}

Result<std::vector<unsigned>> list_of(const Request& request, const std::string& option,
                                      const std::string& otherwise, unsigned least, unsigned most) {
  std::vector<unsigned> values;
  for (const auto& word : words_of(request, option, otherwise)) {
    const auto value = number_in(word, option, least, most);
    if (!value) return tl::unexpected(value.error());
    values.push_back(*value);
  }
  return values;
}

/// All ways to do RDMA that the options ask for.
Result<std::vector<RdmaWork>> works_of(const Request& request) {
  const auto depths = list_of(request, "depths", "128", 1, kMostDepth);
  if (!depths) return tl::unexpected(depths.error());
  const auto pairs = list_of(request, "queue_pairs", "1", 1, kMostPairs);
  if (!pairs) return tl::unexpected(pairs.error());
  const auto nodes = list_of(request, "numa", "", 0, kMostNodes);
  if (!nodes) return tl::unexpected(nodes.error());
  const auto gids = list_of(request, "gid_index", "", 0, kMostGids);
  if (!gids) return tl::unexpected(gids.error());
  std::vector<RdmaWork> works;
  for (const auto& word : words_of(request, "operations", "write")) {
    const auto operation = parse_operation(word);
    if (!operation) return tl::unexpected(operation.error());
    for (const unsigned depth : *depths) {
      for (const unsigned pair : *pairs) {
        RdmaWork work{*operation, std::max(depth, pair), pair, {}, {}, {}};
        work.gpu = option_of(request, "gpu");
        work.gpu_drivers = work.gpu.empty() ? "" : option_of(request, "drivers");
        if (!gids->empty()) work.gid = static_cast<int>(gids->front());
        if (nodes->empty()) works.push_back(work);
        for (const unsigned node : *nodes) {
          work.numa = static_cast<int>(node);
          works.push_back(work);
        }
      }
    }
  }
  return works;
}

bool same_latency(const RdmaWork& one, const RdmaWork& other) {
  return one.operation == other.operation && one.numa == other.numa;
}

}  // namespace

Result<Transport> transport_of(const Request& request) {
  const auto found = request.options.find("transport");
  if (found == request.options.end() || found->second == "tcp") return Transport::sockets;
  if (found->second == "verbs") return Transport::verbs;
  if (found->second == "ucx") return Transport::library;
  return fail(ErrorCode::invalid_input,
              "transport: '" + found->second + "' is none of tcp, verbs and ucx");
}

Result<std::vector<Number>> rdma_numbers(const Request& request, const std::vector<Number>& plain) {
  const auto works = works_of(request);
  if (!works) return tl::unexpected(works.error());
  std::vector<Number> numbers;
  for (const Number& one : plain) {
    // A latency polls memory, and nobody on the host polls that of a GPU.
    if (one.shape == Shape::latency && !works->front().gpu.empty()) continue;
    std::vector<RdmaWork> seen;
    for (const RdmaWork& work : *works) {
      const bool again = one.shape == Shape::latency &&
                         std::any_of(seen.begin(), seen.end(), [&](const RdmaWork& other) {
                           return same_latency(work, other);
                         });
      if (again) continue;
      seen.push_back(work);
      Number number = one;
      number.index = numbers.size();
      number.over_rdma = true;
      number.rdma = work;
      number.rdma.size = number.size;
      if (one.shape == Shape::latency) number.rdma.depth = number.rdma.queue_pairs = 1;
      numbers.push_back(number);
    }
  }
  if (numbers.empty() || numbers.size() > kMostNumbers) {
    return fail(ErrorCode::invalid_input, "from 1 to 256 numbers can be asked for at once, not " +
                                              std::to_string(numbers.size()));
  }
  return numbers;
}

std::map<std::string, std::string> rdma_parameters(const Request& request, const Number& number) {
  std::map<std::string, std::string> parameters;
  if (number.by_library) parameters["library"] = "ucx";
  if (!number.over_rdma) return parameters;
  const auto asked = [&](const char* option) { return request.options.count(option) > 0; };
  const bool latency = number.shape == Shape::latency;
  if (asked("operations")) parameters["operation"] = to_string(number.rdma.operation);
  if (asked("depths") && !latency) parameters["depth"] = std::to_string(number.rdma.depth);
  if (asked("queue_pairs") && !latency) {
    parameters["queue_pairs"] = std::to_string(number.rdma.queue_pairs);
  }
  if (!number.rdma.gpu.empty()) parameters["memory"] = "gpu " + number.rdma.gpu;
  if (asked("numa")) parameters["memory"] = "numa" + std::to_string(number.rdma.numa.value_or(0));
  return parameters;
}

}  // namespace plumbline::probes
