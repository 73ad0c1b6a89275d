#pragma once

#include <map>
#include <string>

namespace plumbline {

/// Where a claim stands, so that a reader can find it and see that it did not change.
struct ClaimRef {
  std::string kind;  ///< "ResourceSlice"
  std::string name;  ///< "namespace/name" or "name"
  std::string uid;
  std::string resource_version;
  std::string path;  ///< "spec.devices[0].attributes[dra.net/mac]"
  std::string value;
};

/// Name, uid and version of an object; the ClaimRef without its path.
struct ObjectMeta {
  std::string name_space;  ///< empty for cluster-scoped objects
  std::string name;
  std::string uid;
  std::string resource_version;
  std::map<std::string, std::string> labels;
};

}  // namespace plumbline
