#include "netcheck/rules/claim_devices.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/quote.hpp"

namespace plumbline::netcheck {
namespace {

/// Names that drivers give the NUMA node, the standard one first.
constexpr std::array<std::string_view, 9> kNumaNames{"resource.kubernetes.io/numaNode",
                                                     "gpu.nvidia.com/numaNode",
                                                     "gpu.nvidia.com/numa",
                                                     "gpu.amd.com/numaNode",
                                                     "dra.net/numaNode",
                                                     "dra.cpu/numaNodeID",
                                                     "dra.cpu/numaNode",
                                                     "dra.memory/numaNode",
                                                     "gpu.intel.com/numaNode"};
constexpr std::string_view kPcieRoot = "resource.kubernetes.io/pcieRoot";

std::string key_of(const std::string& driver, const std::string& pool, const std::string& device) {
  return driver + "\n" + pool + "\n" + device;
}

std::string trimmed(std::string text) {
  const auto space = [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; };
  while (!text.empty() && space(text.back()))
    text.pop_back();
  std::size_t from = 0;
  while (from < text.size() && space(text[from]))
    ++from;
  return text.substr(from);
}

/// The parts between && at the top of an expression, quotes and brackets respected. An expression
/// that chooses (||, ?:) or holds a comment is one part, which no test is read from: a part of it
/// need not hold.
std::vector<std::string> conjuncts(const std::string& expression) {
  std::vector<std::string> parts(1);
  char quote = '\0';
  int depth = 0;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    const char c = expression[i];
    const std::string two = expression.substr(i, 2);
    if (quote != '\0') {
      if (c == '\\') return {{}};
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (two == "//" || (depth == 0 && (two == "||" || c == '?'))) {
      return {{}};
    } else if (depth == 0 && two == "&&") {
      parts.emplace_back();
      ++i;
      continue;
    }
    if (quote == '\0') depth += c == '(' || c == '[' || c == '{' ? 1 : 0;
    if (quote == '\0') depth -= c == ')' || c == ']' || c == '}' ? 1 : 0;
    parts.back() += c;
  }
  return parts;
}

/// A literal's value as attributes are written; nothing for what is not a literal.
std::optional<std::string> literal(const std::string& text) {
  const bool quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'');
  if (quoted && text.find(text.front(), 1) == text.size() - 1) {
    return text.substr(1, text.size() - 2);
  }
  const std::size_t digits = text.starts_with('-') ? 1 : 0;
  const bool number =
      text.size() > digits && text.find_first_not_of("0123456789", digits) == std::string::npos;
  if (number || text == "true" || text == "false") return text;
  return std::nullopt;
}

/// "domain/name" of device.attributes["domain"].name or ["name"]; nothing for anything else.
std::optional<std::string> attribute_name(const std::string& text) {
  constexpr std::string_view head = "device.attributes[";
  if (!text.starts_with(head)) return std::nullopt;
  const auto close = text.find(']');
  if (close == std::string::npos) return std::nullopt;
  const auto domain = literal(text.substr(head.size(), close - head.size()));
  std::string rest = text.substr(close + 1);
  if (!domain || rest.empty()) return std::nullopt;
  if (rest.front() == '[' && rest.back() == ']') {
    const auto name = literal(rest.substr(1, rest.size() - 2));
    return name ? std::optional(*domain + "/" + *name) : std::nullopt;
  }
  if (rest.front() != '.') return std::nullopt;
  rest.erase(0, 1);
  const bool plain = std::all_of(rest.begin(), rest.end(), [](char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
  return plain ? std::optional(*domain + "/" + rest) : std::nullopt;
}

std::optional<LiteralTest> literal_test(const std::string& part) {
  const auto equal = part.find("==");
  if (equal == std::string::npos) return std::nullopt;
  const std::string left = trimmed(part.substr(0, equal));
  const auto value = literal(trimmed(part.substr(equal + 2)));
  if (!value) return std::nullopt;
  if (left == "device.driver") return LiteralTest{"", *value};
  const auto name = attribute_name(left);
  return name ? std::optional(LiteralTest{*name, *value}) : std::nullopt;
}

bool passes(const Offered& offered, const std::vector<LiteralTest>& tests) {
  return std::all_of(tests.begin(), tests.end(), [&](const LiteralTest& test) {
    if (test.attribute.empty()) return offered.slice->driver == test.value;
    const auto values = values_of(offered, test.attribute);
    return std::find(values.begin(), values.end(), test.value) != values.end();
  });
}

using Classes = std::vector<DeviceClassClaim>;

/// The literal tests of a class's own selectors; none of a class that was not read.
std::vector<LiteralTest> tests_of(Classes::const_iterator one, Classes::const_iterator none) {
  std::vector<LiteralTest> tests;
  if (one == none) return tests;
  for (const std::string& expression : one->selectors) {
    for (LiteralTest& test : literal_tests(expression).tests)
      tests.push_back(std::move(test));
  }
  return tests;
}

}  // namespace

LiteralTests literal_tests(const std::string& expression) {
  LiteralTests read;
  for (const std::string& part : conjuncts(expression)) {
    if (auto test = literal_test(trimmed(part))) {
      read.tests.push_back(std::move(*test));
    } else {
      read.opaque = true;
    }
  }
  return read;
}

Offers::Offers(const AllocationView& view)
    : view_(&view), all_slices_(unread(view, "ResourceSlice").empty()) {
  for (const SliceClaim& slice : view.slices) {
    if (!slice.whole_pool) broken_.insert(slice.driver);
    auto& list = by_driver_[slice.driver];
    for (const SliceDevice& device : slice.devices) {
      list.push_back({&slice, &device});
      by_name_.emplace(key_of(slice.driver, slice.pool, device.name), list.back());
    }
  }
}

std::optional<Offered> Offers::find(const AllocatedDevice& given) const {
  const auto found = by_name_.find(key_of(given.driver, given.pool, given.device));
  return found == by_name_.end() ? std::nullopt : std::optional(found->second);
}

const std::vector<Offered>& Offers::of_driver(const std::string& driver) const {
  static const std::vector<Offered> none;
  const auto found = by_driver_.find(driver);
  return found == by_driver_.end() ? none : found->second;
}

bool Offers::whole(const std::string& driver) const {
  return all_slices_ && broken_.count(driver) == 0;
}

std::vector<std::string> Offers::drivers() const {
  std::vector<std::string> names;
  for (const auto& [name, devices] : by_driver_)
    names.push_back(name);
  return names;
}

Offers::Candidates Offers::candidates(const DeviceRequest& request) const {
  Candidates found;
  std::vector<std::string> expressions = request.selectors;
  const auto known = std::find_if(
      view_->classes.begin(), view_->classes.end(),
      [&](const DeviceClassClaim& one) { return one.meta.name == request.device_class; });
  // Drivers name a class of their own after themselves; other names are free.
  const bool by_name = by_driver_.count(request.device_class) > 0;
  if (known != view_->classes.end()) {
    expressions.insert(expressions.end(), known->selectors.begin(), known->selectors.end());
  } else {
    found.known_class = by_name;
  }
  std::vector<LiteralTest> tests;
  for (const std::string& expression : expressions) {
    LiteralTests read = literal_tests(expression);
    found.opaque = found.opaque || read.opaque;
    tests.insert(tests.end(), read.tests.begin(), read.tests.end());
  }
  if (!found.known_class) return found;
  // Of a class that selects nothing at all its driver may just not have been recorded.
  const std::vector<LiteralTest> by_class = tests_of(known, view_->classes.end());
  for (const auto& [driver, devices] : by_driver_) {
    if (known == view_->classes.end() && driver != request.device_class) continue;
    for (const Offered& one : devices) {
      found.class_has_devices = found.class_has_devices || passes(one, by_class);
      if (passes(one, tests)) found.devices.push_back(one);
    }
  }
  return found;
}

std::vector<std::string> values_of(const Offered& offered, const std::string& attribute) {
  const auto found = offered.device->attributes.find(attribute);
  if (found == offered.device->attributes.end()) return {};
  if (const auto* list = std::get_if<std::vector<std::string>>(&found->second)) return *list;
  return {text_of(found->second)};
}

std::string numa_name(const Offered& offered) {
  for (const std::string_view name : kNumaNames) {
    if (offered.device->attributes.count(std::string(name)) > 0) return std::string(name);
  }
  return {};
}

std::optional<std::string> numa_of(const Offered& offered) {
  const auto values = values_of(offered, numa_name(offered));
  if (values.size() != 1 || values.front().empty() || values.front().front() == '-')
    return std::nullopt;
  return values.front();
}

std::string pci_address_of(const Offered& offered) {
  for (const char* const name : {"resource.kubernetes.io/pciBusID", "dra.net/pciAddress",
                                 "sriovnetwork.k8snetworkplumbingwg.io/pciAddress"}) {
    const auto address = values_of(offered, name);
    if (!address.empty()) return address.front();
  }
  return {};
}

std::optional<std::string> root_of(const Offered& offered) {
  const auto values = values_of(offered, std::string(kPcieRoot));
  return values.size() == 1 ? std::optional(values.front()) : std::nullopt;
}

std::string kind_of(const Offered& offered) {
  const std::string& driver = offered.slice->driver;
  if (driver == "dra.cpu" || driver == "dra.memory") return driver.substr(4);
  if (driver == "dra.net" || driver.starts_with("sriov")) return "nic";
  if (driver.starts_with("gpu.")) return "gpu";
  for (const auto& [name, value] : offered.device->attributes) {
    const std::string last = name.substr(name.find('/') + 1);
    if (last == "ifName" || last == "rdmaDevice" || last == "interfaceName") return "nic";
  }
  return driver;
}

bool covers(const DeviceConstraint& constraint, const std::string& request) {
  if (constraint.requests.empty()) return true;
  const std::string parent = request.substr(0, request.find('/'));
  return std::any_of(constraint.requests.begin(), constraint.requests.end(),
                     [&](const std::string& named) { return named == request || named == parent; });
}

}  // namespace plumbline::netcheck
