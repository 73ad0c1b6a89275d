#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/model/allocation.hpp"

namespace plumbline::netcheck::claims {

/// How many objects of a kind were kept, by kind.
using Counts = std::map<std::string, std::size_t>;

/// How whole the kinds were read of which rules conclude something from absence: Node, Pod,
/// ResourceClaim, ResourceSlice, HyperNode. Other kinds are passed over.
class Coverage {
 public:
  /// One object; `alone`: nothing else is in its file, so that somebody asked for it by name.
  void saw(const std::string& kind, const std::string& name_space, bool alone);
  /// One object that could not be used.
  void lost(const std::string& kind);
  /// A list or page of a kind, empty ones too.
  void saw_list(const std::string& kind);
  /// A list of so many items that says that there is more (metadata.continue), and how much when
  /// it says that.
  void cut(const std::string& kind, std::size_t items, std::optional<std::int64_t> more);
  /// Whoever listed the kind read all of it, in all namespaces: so many objects, when told.
  void whole(const std::string& kind, std::optional<std::size_t> objects);

  /// What was not read whole, given how many different objects were kept.
  std::map<std::string, Gap> gaps(const Counts& kept) const;
  /// The gaps by which lists fall short of what they say themselves, as warnings.
  std::vector<std::string> warnings(const Counts& kept) const;

 private:
  struct Seen {
    bool any = false;
    bool listed = false;
    std::set<std::string> namespaces;
    std::size_t lost = 0;
    bool cut = false;
    std::optional<std::size_t> wanted;  ///< objects that there are by a cut list's own word
    bool unknown_rest = false;          ///< a cut list that did not say how much is left
    bool whole = false;
    std::optional<std::size_t> recorded;
  };

  static std::string shortfall(const std::string& kind, const Seen& seen, std::size_t kept);
  static std::optional<Gap> gap(const std::string& kind, const Seen& seen, std::size_t kept);

  std::map<std::string, Seen> seen_;
};

}  // namespace plumbline::netcheck::claims
