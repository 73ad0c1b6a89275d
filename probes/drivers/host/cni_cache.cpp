#include <nlohmann/json.hpp>

#include "probes/drivers/host/sandboxes.hpp"

namespace plumbline::probes {

namespace {

using Json = nlohmann::json;

/// The value of a [name, value] list, as libcni writes cniArgs; empty when it has none.
std::string argument(const Json& arguments, const std::string& name) {
  for (const Json& pair : arguments) {
    if (pair.at(0).get<std::string>() == name) return pair.at(1).get<std::string>();
  }
  return {};
}

/// The interface of the cache file's own ifName that has a sandbox, or any that has.
std::string sandbox_of(const Json& cache) {
  const std::string name = cache.value("ifName", std::string{});
  std::string any;
  for (const Json& entry : cache.at("result").value("interfaces", Json::array())) {
    const std::string sandbox = entry.value("sandbox", std::string{});
    if (sandbox.empty()) continue;
    if (entry.value("name", std::string{}) == name) return sandbox;
    if (any.empty()) any = sandbox;
  }
  return any;
}

CachedResult read(const Json& cache) {
  CachedResult result;
  const Json& arguments = cache.at("cniArgs");
  result.pod_namespace = argument(arguments, "K8S_POD_NAMESPACE");
  result.pod_name = argument(arguments, "K8S_POD_NAME");
  result.pod_uid = argument(arguments, "K8S_POD_UID");
  result.sandbox = sandbox_of(cache);
  return result;
}

/// Ends the parser before somebody else's file makes it recurse too deep.
bool shallow(int depth, Json::parse_event_t /*event*/, const Json& /*parsed*/) {
  return depth <= 32;
}

}  // namespace

Result<CachedResult> parse_cached_result(std::string_view text) {
  try {
    const auto result = read(Json::parse(text, &shallow));
    if (result.pod_namespace.empty() || result.pod_name.empty()) {
      return fail(ErrorCode::invalid_input, "cniArgs names no pod");
    }
    if (result.sandbox.empty()) return fail(ErrorCode::invalid_input, "no interface has a sandbox");
    return result;
  } catch (const Json::exception& problem) {
    return fail(ErrorCode::invalid_input,
                std::string("not a cached CNI result: ") + problem.what());
  }
}

}  // namespace plumbline::probes
