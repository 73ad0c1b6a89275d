#include "netcheck/claims/workloads/pod_watch.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "netcheck/claims/api_list.hpp"
#include "netcheck/claims/documents.hpp"
#include "netcheck/claims/json_text.hpp"
#include "netcheck/claims/workloads/pod_facts.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kSilence{10};  // without the server: then nobody knows who comes
constexpr seconds kList{5};
constexpr milliseconds kPause{300};
constexpr milliseconds kLook{500};
constexpr int kWatchSeconds = 240;
constexpr const char* kPods = "/api/v1/pods";

class Watch final : public PodWatch {
 public:
  Watch(ApiClient client, Clock& clock, std::string run)
      : client_(std::move(client)), clock_(clock), run_(std::move(run)), heard_(clock.now()) {}
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() override {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }

  Status start(Deadline deadline) {
    if (auto listed = list(deadline); !listed) return listed;
    thread_ = std::thread([this] { follow(); });
    return {};
  }

  std::vector<PlacedPod> own() const override {
    const std::lock_guard lock(mutex_);
    return own_locked();
  }

  std::vector<PodFacts> kept(const std::string& workload) const override {
    const std::lock_guard lock(mutex_);
    std::vector<PodFacts> kept;
    for (const auto& [uid, pod] : pods_) {
      if (pod.run == run_ && pod.placed.workload == workload) kept.push_back(pod);
    }
    return kept;
  }

  bool wait(const std::function<bool(const std::vector<PlacedPod>&)>& done,
            Deadline deadline) const override {
    std::unique_lock lock(mutex_);
    while (true) {
      const auto pods = own_locked();
      lock.unlock();
      if (done(pods)) return true;
      if (deadline.passed()) return false;
      lock.lock();
      changed_.wait_for(lock, std::min<std::chrono::nanoseconds>(kLook, deadline.left()));
    }
  }

  void guard(PodGuard guarded) override {
    const std::lock_guard lock(mutex_);
    guarded_ = std::move(guarded);
    for (const auto& [uid, pod] : pods_)
      look_at_own(pod);
  }

  void unguard() override {
    const std::lock_guard lock(mutex_);
    guarded_.reset();
  }

  std::optional<std::string> alarm() const override {
    const std::lock_guard lock(mutex_);
    if (alarm_ || !guarded_) return alarm_;
    if (clock_.now() - heard_ <= kSilence) return std::nullopt;
    return "the API server does not answer, so that nobody can see who comes to the devices: " +
           problem_;
  }

 private:
  std::vector<PlacedPod> own_locked() const {
    std::vector<PlacedPod> own;
    for (const auto& [uid, pod] : pods_) {
      if (pod.run == run_) own.push_back(pod.placed);
    }
    std::sort(own.begin(), own.end(), [](const PlacedPod& one, const PlacedPod& other) {
      return std::tie(one.workload, one.rank, one.binding.name) <
             std::tie(other.workload, other.rank, other.binding.name);
    });
    return own;
  }

  void follow() {
    bool whole = false;
    while (!stopping_) {
      const Status went = whole ? list(Deadline::after(kList)) : watch();
      whole = !went;  // after any failure the pods are listed anew
      if (went) continue;
      {
        const std::lock_guard lock(mutex_);
        problem_ = went.error().message;
      }
      clock_.wait_until(clock_.now() + kPause);
    }
  }

  Status list(Deadline deadline) {
    std::set<std::string> seen;
    std::string version;
    const auto take = [&](const Json& page) -> Status {
      const auto metadata = page.find("metadata");
      if (metadata != page.end()) version = text_of(*metadata, "resourceVersion");
      const auto items = page.find("items");
      if (items == page.end() || !items->is_array()) return {};
      for (const Json& item : *items)
        seen.insert(take_pod(item, false));
      return {};
    };
    const auto listed = list_pages(client_, kPods, "", deadline, take);
    if (!listed) return pass_up(Error(listed.error()), "watching pods (list)");
    version_ = version;
    const std::lock_guard lock(mutex_);
    heard_ = clock_.now();
    for (auto& [uid, pod] : pods_) {
      if (!seen.contains(uid)) note_gone(pod);
    }
    std::erase_if(pods_, [&](const auto& entry) {
      return entry.second.run != run_ && !seen.contains(entry.first);
    });
    changed_.notify_all();
    return {};
  }

  Status watch() {
    const std::string path = std::string(kPods) +
                             "?watch=1&allowWatchBookmarks=true&resourceVersion=" + version_ +
                             "&timeoutSeconds=" + std::to_string(kWatchSeconds);
    bool broken = false;
    const auto take = [&](const std::string& line) {
      broken = !take_event(line);
      return !broken && !stopping_;
    };
    const auto idle = [this](bool answered) {
      if (answered) hear();
      return !stopping_;
    };
    auto went = client_.watch(path, take, idle, Deadline::after(seconds(kWatchSeconds + 10)));
    if (went && broken) return fail(ErrorCode::conflict, "the watch is too old");
    if (!went) return pass_up(std::move(went.error()), "watching pods (watch)");
    return went;
  }

  void hear() {
    const std::lock_guard lock(mutex_);
    heard_ = clock_.now();
  }

  bool take_event(const std::string& line) {
    const auto parsed = parse_json(line);
    if (!parsed || !parsed->front().is_object()) return false;
    const std::string type = text_of(parsed->front(), "type");
    const auto object = parsed->front().find("object");
    if (object == parsed->front().end() || !object->is_object() || type == "ERROR") return false;
    const auto metadata = object->find("metadata");
    if (metadata == object->end()) return false;
    const std::string version = text_of(*metadata, "resourceVersion");
    if (!version.empty()) version_ = version;
    hear();
    if (type == "BOOKMARK") return true;
    take_pod(*object, type == "DELETED");
    return true;
  }

  std::string take_pod(const Json& object, bool deleted) {
    std::string problem;  // of a field that matters to nobody here
    PodFacts facts = read_pod_facts(object, problem);
    std::string uid = facts.claim.meta.uid;
    const std::lock_guard lock(mutex_);
    const bool ours = facts.run == run_;
    const auto before = pods_.find(uid);
    const bool new_here = before == pods_.end() || before->second.claim.node.empty();
    if (deleted) note_gone(facts);
    if (before != pods_.end() && facts.placed.binding.value.empty())
      facts.placed.binding = before->second.placed.binding;  // bound once is bound
    if (!ours && new_here) look_at_other(facts);
    look_at_own(facts);
    if (deleted && !ours) {
      pods_.erase(uid);
    } else {
      pods_.insert_or_assign(uid, std::move(facts));
    }
    changed_.notify_all();
    return uid;
  }

  /// With the mutex held, as the two below.
  void note_gone(PodFacts& pod) {
    std::string& ended = pod.placed.ended;
    if (ended.empty() || ended == "is being deleted") {
      ended = kGone;
    } else if (!ended.ends_with(kGone)) {
      ended += std::string(", and ") + kGone;
    }
    look_at_own(pod);
  }

  void look_at_own(const PodFacts& pod) {
    const bool watched =
        guarded_ && pod.run == run_ && guarded_->workloads.contains(pod.placed.workload);
    if (!watched || alarm_ || pod.placed.ended.empty()) return;
    alarm_ = "pod " + pod.placed.binding.name + " on " + pod.placed.binding.value +
             ", which held the devices under test, " + pod.placed.ended;
  }

  void look_at_other(const PodFacts& pod) {
    const bool here =
        guarded_ && !alarm_ && guarded_->nodes.contains(pod.claim.node) && pod.placed.ended.empty();
    if (!here) return;
    for (const auto& [resource, count] : pod.claim.extended) {
      if (count > 0 && guarded_->resources.contains(resource)) return raise(pod, resource);
    }
    const bool claims = !pod.claim.resource_claims.empty() || !pod.claim.claim_templates.empty();
    if (guarded_->claims && claims) raise(pod, "a ResourceClaim");
  }

  void raise(const PodFacts& pod, const std::string& asked) {
    alarm_ = "pod " + pod.placed.binding.name + " of others was bound to " + pod.claim.node +
             " and asks for " + asked + ", which is measured there";
  }

  ApiClient client_;
  Clock& clock_;
  std::string run_;
  std::string version_;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::map<std::string, PodFacts> pods_;  ///< by uid
  std::optional<PodGuard> guarded_;
  std::optional<std::string> alarm_;
  std::string problem_;
  Moment heard_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<PodWatch>> PodWatch::open(ApiAccess access, Clock& clock,
                                                 const std::string& run, Deadline deadline) {
  auto client = ApiClient::open(std::move(access), clock, deadline);
  if (!client) return tl::unexpected(std::move(client.error()));
  auto watch = std::make_unique<Watch>(std::move(*client), clock, run);
  if (auto started = watch->start(deadline); !started)
    return tl::unexpected(std::move(started.error()));
  return std::unique_ptr<PodWatch>(std::move(watch));
}

}  // namespace plumbline::netcheck::claims
