#include "netcheck/claims/api_watch.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "netcheck/claims/allow_list.hpp"
#include "netcheck/claims/api_list.hpp"
#include "netcheck/claims/api_resources.hpp"
#include "netcheck/claims/documents.hpp"
#include "netcheck/claims/gather.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kTurn = milliseconds(100);
constexpr auto kQuiet = milliseconds(500);
constexpr auto kMostUnquiet = seconds(5);
constexpr auto kTimeToList = std::chrono::minutes(5);
constexpr int kWatchSeconds = 240;  // the server ends a watch then; it goes on from there
constexpr milliseconds kFirstPause{250};
constexpr milliseconds kLongestPause{8000};

std::string text_in(const Json& object, const char* part, const char* name) {
  const auto outer = object.find(part);
  if (outer == object.end() || !outer->is_object()) return {};
  const auto inner = outer->find(name);
  return inner != outer->end() && inner->is_string() ? inner->get<std::string>() : std::string();
}

/// What is known of one kind now. Guarded by the watch's mutex.
struct Known {
  std::string kind;
  std::map<std::string, Json> objects;  ///< by namespace and name, allowed fields only
  bool listed = false;
  std::string problem;  ///< why it cannot be followed now, as a warning; empty: it can
};

/// Shared between the threads of a watch.
struct Shared {
  std::mutex mutex;
  std::vector<Known> known;
  unsigned changes = 0;
  std::atomic<bool> stopping = false;
};

/// Follows one kind in a thread of its own.
class Follower {
 public:
  Follower(ApiClient client, Resource resource, std::size_t index, Clock& clock, Shared& shared)
      : client_(std::move(client)),
        resource_(std::move(resource)),
        index_(index),
        clock_(&clock),
        shared_(&shared) {}

  void run() {
    milliseconds wait = kFirstPause;
    while (!shared_->stopping) {
      const bool whole = version_.empty();
      const auto began = clock_->now();
      const Status went = whole ? list() : watch();
      const bool lasted = clock_->now() - began > kLongestPause;
      if (!went && went.error().code == ErrorCode::conflict) {
        version_.clear();  // too old: listed again
      } else if (!went) {
        tell(went.error(), whole ? "list" : "watch");
      }
      if ((went && whole) || lasted) wait = kFirstPause;
      if (went && whole) continue;
      // A right that is missing may come; a server that starts anew has none for a moment.
      pause(wait);
      wait = std::min(2 * wait, kLongestPause);
    }
  }

 private:
  Known& mine() { return shared_->known[index_]; }

  static std::string key_of(const Json& object) {
    return text_in(object, "metadata", "namespace") + "/" + text_in(object, "metadata", "name");
  }

  /// As it is kept: items of a list carry neither kind nor version.
  Json kept(const Json& item) const {
    Json whole = item;
    whole["kind"] = resource_.kind;
    whole["apiVersion"] = resource_.api;
    return allowed(whole);
  }

  Status list() {
    std::map<std::string, Json> objects;
    std::string version;
    const auto take = [&](const Json& page) -> Status {
      version = text_in(page, "metadata", "resourceVersion");
      const auto items = page.find("items");
      if (items == page.end() || !items->is_array()) return {};
      for (const Json& item : *items) {
        if (item.is_object()) objects[key_of(item)] = kept(item);
      }
      return {};
    };
    const Status listed =
        list_pages(client_, resource_.path, "", Deadline::after(kTimeToList), take);
    if (!listed) return listed;
    version_ = version.empty() ? "0" : std::move(version);
    const std::lock_guard lock(shared_->mutex);
    mine().objects = std::move(objects);
    mine().listed = true;
    mine().problem.clear();
    ++shared_->changes;
    return {};
  }

  Status watch() {
    const std::string path = resource_.path +
                             "?watch=1&allowWatchBookmarks=true&resourceVersion=" + version_ +
                             "&timeoutSeconds=" + std::to_string(kWatchSeconds);
    bool expired = false;
    const auto take = [&](const std::string& line) { return take_event(line, expired); };
    const auto idle = [this](bool answered) {
      if (answered) well();
      return !shared_->stopping;
    };
    const Status went =
        client_.watch(path, take, idle, Deadline::after(seconds(kWatchSeconds + 10)));
    if (expired) return fail(ErrorCode::conflict, "the watch is too old");
    return went;
  }

  /// The watch runs: what was said of it before is over.
  void well() {
    const std::lock_guard lock(shared_->mutex);
    if (mine().problem.empty()) return;
    mine().problem.clear();
    ++shared_->changes;
  }

  bool take_event(const std::string& line, bool& expired) {
    const auto parsed = parse_json(line);
    // Half a line of a broken connection; it goes on from the version before it.
    if (!parsed || !parsed->front().is_object()) return false;
    const Json& event = parsed->front();
    const auto object = event.find("object");
    if (object == event.end() || !object->is_object()) return false;
    const std::string type = event.value("type", Json()).is_string()
                                 ? event.at("type").get<std::string>()
                                 : std::string();
    if (type == "ERROR") {
      const auto code = object->find("code");
      expired = code != object->end() && code->is_number_integer() && code->get<int>() == 410;
      return false;
    }
    const std::string version = text_in(*object, "metadata", "resourceVersion");
    if (!version.empty()) version_ = version;
    if (type == "BOOKMARK") return !shared_->stopping;
    const std::lock_guard lock(shared_->mutex);
    if (type == "DELETED") {
      mine().objects.erase(key_of(*object));
    } else {
      mine().objects[key_of(*object)] = kept(*object);
    }
    ++shared_->changes;
    return !shared_->stopping;
  }

  /// Notes a failure once.
  void tell(const Error& error, const char* verb) {
    const bool refused = error.code == ErrorCode::permission_denied;
    const std::string text = refused
                                 ? refusal_of(resource_, verb, error)
                                 : resource_.name + " are as they were last read: " + error.message;
    const std::lock_guard lock(shared_->mutex);
    if (mine().problem != text) {
      mine().problem = text;
      mine().listed = true;
      ++shared_->changes;
    }
  }

  void pause(milliseconds wait) const {
    const auto end = clock_->now() + wait;
    while (!shared_->stopping && clock_->now() < end)
      clock_->wait_until(std::min(clock_->now() + kTurn, end));
  }

  ApiClient client_;
  Resource resource_;
  std::size_t index_;
  Clock* clock_;
  Shared* shared_;
  std::string version_;
};

class Watch final : public ApiWatch {
 public:
  Watch(std::string server, Clock& clock) : server_(std::move(server)), clock_(&clock) {}
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() override {
    shared_.stopping = true;
    for (std::thread& thread : threads_)
      thread.join();
  }

  Status start(const ApiAccess& access, const std::vector<Resource>& resources, Deadline deadline) {
    shared_.known.resize(resources.size());
    std::vector<Follower> followers;
    for (std::size_t i = 0; i < resources.size(); ++i) {
      shared_.known[i].kind = resources[i].kind;
      auto client = ApiClient::open(access, *clock_, deadline);
      if (!client) return tl::unexpected(std::move(client.error()));
      followers.emplace_back(std::move(*client), resources[i], i, *clock_, shared_);
    }
    for (Follower& follower : followers)
      threads_.emplace_back([one = std::move(follower)]() mutable { one.run(); });
    return {};
  }

  Result<std::optional<AllocationView>> next(const std::function<bool()>& stop,
                                             Deadline deadline) override {
    auto quiet_at = clock_->now() + kQuiet;
    std::optional<Moment> first;
    unsigned seen = told_;
    while (!stop() && !deadline.passed()) {
      clock_->wait_until(std::min(clock_->now() + kTurn, deadline.moment()));
      const std::lock_guard lock(shared_.mutex);
      const auto now = clock_->now();
      if (shared_.changes != seen) {
        seen = shared_.changes;
        quiet_at = now + kQuiet;
        if (!first) first = now;
      }
      const bool whole = std::all_of(shared_.known.begin(), shared_.known.end(),
                                     [](const Known& one) { return one.listed; });
      if (!first || !whole) continue;
      if (now < quiet_at && now < *first + kMostUnquiet) continue;
      told_ = seen;
      return view();
    }
    return std::optional<AllocationView>();
  }

 private:
  /// With the mutex held.
  Result<std::optional<AllocationView>> view() const {
    Gatherer gatherer;
    std::vector<std::string> problems;
    for (const Known& one : shared_.known) {
      if (!one.problem.empty()) problems.push_back(one.problem);
      if (one.problem.empty() || !one.objects.empty()) gatherer.listed(one.kind);
      for (const auto& [key, object] : one.objects) {
        if (auto added = gatherer.add(object, server_); !added)
          return tl::unexpected(std::move(added.error()));
      }
    }
    AllocationView made = gatherer.finish();
    made.warnings.insert(made.warnings.begin(), problems.begin(), problems.end());
    made.source = "API server " + server_;
    made.read_at = clock_->wall_time();
    return std::optional<AllocationView>(std::move(made));
  }

  std::string server_;
  Clock* clock_;
  Shared shared_;
  unsigned told_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace

Result<std::unique_ptr<ApiWatch>> ApiWatch::open(ApiAccess access, Clock& clock,
                                                 Deadline deadline) {
  const std::string doing = "following the claims of " + access.server;
  auto client = ApiClient::open(access, clock, deadline);
  if (!client) return pass_up(std::move(client.error()), doing);
  auto resources = discover(*client, deadline);
  if (!resources) return pass_up(std::move(resources.error()), doing);
  auto watch = std::make_unique<Watch>(access.server, clock);
  if (auto started = watch->start(access, *resources, deadline); !started)
    return pass_up(std::move(started.error()), doing);
  return std::unique_ptr<ApiWatch>(std::move(watch));
}

}  // namespace plumbline::netcheck::claims
