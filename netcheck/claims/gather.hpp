#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <vector>

#include "core/model/allocation.hpp"
#include "core/result.hpp"
#include "netcheck/claims/coverage.hpp"
#include "netcheck/claims/groups.hpp"
#include "netcheck/claims/objects.hpp"

namespace plumbline::netcheck::claims {

/// One object as it was last read, with what decides between two readings of it.
template <typename T>
struct Kept {
  T value;
  std::string uid;
  std::string resource_version;
  int version_rank = 0;  ///< v1 before v1beta2 before v1beta1
};

/// Collects Kubernetes objects from documents and makes one view of them. The same object read
/// twice (by another API version, in another file) counts once: the higher resourceVersion, then
/// the newer API.
class Gatherer {
 public:
  /// Adds one document: an object, a List of them (lists in lists too) or a plain array. `where`
  /// names the file in warnings; `alone`: nothing else is in that file. More than 500000 objects in
  /// all is an error.
  Status add(const nlohmann::json& document, const std::string& where, bool alone = false);
  /// All there is of a kind was added, by who listed it page after page.
  void listed(const std::string& kind) { coverage_.whole(kind, std::nullopt); }
  /// The view of all that was added; only the highest generation of each pool is in it.
  AllocationView finish();
  /// How many documents or list items had a kind at all, known or not.
  std::size_t seen() const { return seen_; }

 private:
  Status add_list(const nlohmann::json& list, const std::string& where, int depth);
  void look_at_list(const nlohmann::json& list, const nlohmann::json& items);
  Status add_any(const nlohmann::json& object, const std::string& where, int depth);
  void add_object(const nlohmann::json& object, const std::string& where);
  void add_recording(const Fields& recording);
  template <typename T>
  void keep(std::map<std::string, Kept<T>>& kept, Kept<T> read, const ObjectMeta& meta,
            const std::string& where);
  void warn(const std::string& where, const std::string& what);
  void finish_slices(AllocationView& view);
  void finish_claims(AllocationView& view);
  void finish_placements(AllocationView& view);
  Counts counts() const;

  std::map<std::string, Kept<NodeClaim>> nodes_;
  std::map<std::string, Kept<ReadSlice>> slices_;
  std::map<std::string, Kept<ReadClaim>> claims_;
  std::map<std::string, Kept<ReadPod>> pods_;
  std::map<std::string, Kept<DeviceClaim>> templates_;
  std::map<std::string, Kept<DeviceClassClaim>> classes_;
  std::map<std::string, Kept<ReadDomain>> domains_;
  std::map<std::string, Kept<FabricDomain>> fabrics_;
  std::map<std::string, Kept<AlignmentPolicy>> policies_;
  std::map<std::string, Kept<AlignmentPolicy>> configs_;
  // By kind and group first: several schedulers call theirs PodGroup.
  std::map<std::string, std::map<std::string, Kept<Placements>>> groups_;
  std::map<std::string, std::map<std::string, Kept<TopologyLevels>>> levels_;
  Coverage coverage_;
  bool alone_ = false;  // what is added now is alone in its file
  std::vector<std::string> warnings_;
  std::size_t seen_ = 0;
  std::size_t known_ = 0;
  std::set<std::string> strangers_;  // kinds that are not read, the first few
};

}  // namespace plumbline::netcheck::claims
