#include "tests/netcheck/rules/claims_yaml.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "netcheck/claims/documents.hpp"
#include "netcheck/claims/gather.hpp"

namespace plumbline::netcheck {
namespace {

std::string attribute_yaml(const std::string& value) {
  const bool whole = !value.empty() && std::all_of(value.begin(), value.end(),
                                                   [](char c) { return c >= '0' && c <= '9'; });
  if (whole) return "{int: " + value + "}";
  if (value == "true" || value == "false") return "{bool: " + value + "}";
  if (!value.starts_with("[")) return "{string: '" + value + "'}";
  return "{strings: " + value + "}";
}

std::string meta(const std::string& name, const std::string& labels, const std::string& notes) {
  return "metadata: {namespace: ns, name: " + name + ", uid: u-" + name +
         ", resourceVersion: '7', labels: {" + labels + "}, annotations: {" + notes + "}}\n";
}

}  // namespace

Facts claims_of(const std::string& yaml) {
  const auto documents = claims::parse_yaml(yaml);
  if (!documents) FAIL(documents.error().message);
  claims::Gatherer gatherer;
  for (const auto& document : *documents)
    REQUIRE(gatherer.add(document, "test"));
  Facts facts;
  facts.claims = gatherer.finish();
  for (const std::string& warning : facts.claims->warnings)
    UNSCOPED_INFO(warning);
  return facts;
}

std::string slice_yaml(const std::string& driver, const std::string& node,
                       const std::string& devices) {
  std::string yaml =
      "---\napiVersion: resource.k8s.io/v1\nkind: ResourceSlice\nmetadata: {name: " + node + "-" +
      driver + ", uid: u-" + node + "-" + driver +
      ", resourceVersion: '3'}\nspec:\n  driver: " + driver + "\n  nodeName: " + node +
      "\n  pool: {name: " + node + ", generation: 1, resourceSliceCount: 1}\n  devices:\n";
  std::istringstream lines(devices);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string word;
    if (!(words >> word)) continue;
    yaml += "  - name: " + word + "\n    attributes:\n";
    while (words >> word) {
      const auto equal = word.find('=');
      std::string value = word.substr(equal + 1);
      std::replace(value.begin(), value.end(), '|', ',');
      yaml += "      " + word.substr(0, equal) + ": " + attribute_yaml(value) + "\n";
    }
  }
  return yaml;
}

std::string pod_yaml(const std::string& name, const std::string& node, const std::string& labels,
                     const std::string& annotations) {
  return "---\napiVersion: v1\nkind: Pod\n" + meta(name, labels, annotations) +
         "spec: {nodeName: " + node + "}\nstatus: {phase: Running}\n";
}

std::string node_yaml(const std::string& name, const std::string& labels) {
  return "---\napiVersion: v1\nkind: Node\nmetadata: {name: " + name + ", uid: u-" + name +
         ", resourceVersion: '7', labels: {" + labels + "}}\n";
}

}  // namespace plumbline::netcheck
