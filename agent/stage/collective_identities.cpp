#include "agent/stage/collective_identities.hpp"

#include <string>

namespace plumbline::agent {
namespace {

std::string option(const Request& request, const char* name) {
  const auto found = request.options.find(name);
  return found == request.options.end() ? std::string() : found->second;
}

bool one_of(const std::string& word, std::initializer_list<const char*> words) {
  for (const char* const known : words)
    if (word == known) return true;
  return false;
}

std::vector<std::string> placements(const Request& request) {
  const std::string place = option(request, "place");
  if (place == "both") return {"out", "in"};
  return {place};
}

}  // namespace

std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  for (std::size_t comma = 0; comma != std::string::npos; from = comma + 1) {
    comma = text.find(',', from);
    parts.push_back(text.substr(from, comma - from));
  }
  return parts;
}

std::vector<Outcome> collective_identities(const Request& request) {
  const bool reduces = one_of(request.probe, {"all_reduce", "reduce", "reduce_scatter"});
  const bool rooted = one_of(request.probe, {"broadcast", "reduce", "gather", "scatter"});
  const std::string redop = option(request, "redop");
  const std::string root = option(request, "root");
  const std::string group = option(request, "group");
  std::vector<Outcome> all;
  Outcome outcome;
  outcome.probe = request.probe;
  outcome.from.rail = option(request, "rail");
  outcome.to = outcome.from;
  const auto add = [&](const char* name, const std::string& value) {
    outcome.parameters.erase(name);
    if (!value.empty()) outcome.parameters.emplace(name, value);
  };
  add("group", group.empty() ? "all" : group);
  add("ranks", std::to_string(request.size));
  add("transport", option(request, "transport"));
  add("memory", option(request, "memory"));
  if (!root.empty()) add("root", rooted ? root : "-1");
  for (const std::string& type : parts_of(option(request, "type"))) {
    add("type", type);
    for (const std::string& how : parts_of(reduces || redop.empty() ? redop : "none")) {
      add("redop", how);
      for (const Bytes size : request.sizes) {
        add("size", std::to_string(size.count));
        for (const std::string& place : placements(request)) {
          add("place", place);
          all.push_back(outcome);
        }
      }
    }
  }
  return all;
}

}  // namespace plumbline::agent
