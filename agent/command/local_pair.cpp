#include "agent/command/local_pair.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "agent/command/local_probe.hpp"
#include "agent/supervisor/child_run.hpp"

namespace plumbline::agent {
namespace {

constexpr std::chrono::seconds kGiveWithin{5};
constexpr std::size_t kEnds = 2;

/// Both children of one pair; its methods are called by their threads.
class LocalPair {
 public:
  LocalPair(const std::filesystem::path& program, const Request& request) : request_(request) {
    for (auto& child : children_) {
      child = std::make_unique<ChildRun>(
          ProbeProgram{program, host_name(), child_environment(), kSilence}, clock_);
    }
  }

  std::vector<Outcome> run() {
    std::array<std::thread, kEnds> threads;
    for (std::size_t rank = 0; rank < kEnds; ++rank)
      threads.at(rank) = std::thread([this, rank] { run_rank(rank); });
    for (auto& thread : threads)
      thread.join();
    return outcomes_;
  }

  /// Why an end did not end well: the first that is not merely the other's waiting.
  Failed failure() const {
    Failed failed{{ErrorCode::internal, "the pair ended without an outcome"}, host_name()};
    for (const MeasureEnd& end : ends_) {
      if (!end.failed) continue;
      failed = *end.failed;
      if (!end.last_words.empty()) failed.error.message += "; its last words: " + end.last_words;
      if (end.fate != ChildFate::cancelled) break;
    }
    return failed;
  }

 private:
  void run_rank(std::size_t rank) {
    Request request = request_;
    request.rank = static_cast<int>(rank);
    ends_.at(rank) = children_.at(rank)->run(
        request, [this, rank](const Event& event) { return hear(rank, event); },
        [this]() -> std::optional<Error> {
          if (!broken_) return std::nullopt;
          return Error{ErrorCode::cancelled, "the other end is gone"};
        });
    if (ends_.at(rank).fate != ChildFate::finished) broken_ = true;
  }

  bool hear(std::size_t rank, const Event& event) {
    if (const auto* const post = std::get_if<PostEvent>(&event)) pass_on(rank, *post);
    if (const auto* const told = std::get_if<OutcomeEvent>(&event)) {
      const std::lock_guard lock(mutex_);
      outcomes_.push_back(told->outcome);
    }
    return true;
  }

  /// The thread of the last end to post delivers to both.
  void pass_on(std::size_t rank, const PostEvent& post) {
    GatheredEvent gathered{post.sequence, {}};
    {
      const std::lock_guard lock(mutex_);
      auto& table = posts_[post.sequence];
      table[rank] = post.bytes;
      if (table.size() < kEnds) return;
      for (const auto& [other, bytes] : table)
        gathered.bytes.push_back(bytes);
      posts_.erase(post.sequence);
    }
    for (const auto& child : children_)  // one that cannot take it tells so by its end
      static_cast<void>(child->give(gathered, Deadline::after(kGiveWithin)));
  }

  const Request& request_;
  SystemClock clock_;
  std::array<std::unique_ptr<ChildRun>, kEnds> children_;
  std::array<MeasureEnd, kEnds> ends_;
  std::atomic<bool> broken_ = false;
  std::mutex mutex_;
  std::map<int, std::map<std::size_t, std::string>> posts_;
  std::vector<Outcome> outcomes_;
};

Request between(Request request, const std::string& from, const std::string& to) {
  request.size = kEnds;
  request.ends = {{host_name(), from, ""}, {host_name(), to, ""}};
  return request;
}

}  // namespace

std::vector<Outcome> measure_local_pair(const std::filesystem::path& program,
                                        const Request& request) {
  std::filesystem::path path = program;
  if (path.empty()) {
    if (const auto folder = program_directory()) path = *folder / "plumbline-probe";
  }
  LocalPair pair(path, request);
  auto outcomes = pair.run();
  if (!outcomes.empty()) return outcomes;
  Outcome failed;
  failed.probe = request.probe;
  failed.from = request.ends.at(0);
  failed.to = request.ends.at(1);
  failed.result = pair.failure();
  return {failed};
}

std::vector<Request> gpu_pair_requests(const Request& base, const std::optional<Topology>& topology,
                                       const std::vector<std::string>& gpus) {
  if (!gpus.empty()) return {between(base, gpus.front(), gpus.back())};
  std::vector<std::string> uuids;
  if (topology && topology->gpus) {
    for (const Gpu& gpu : topology->gpus->gpus) {
      if (gpu.instances.empty()) uuids.push_back(gpu.uuid);
    }
  }
  if (uuids.size() == 1) return {between(base, uuids.front(), uuids.front())};
  std::vector<Request> requests;
  for (const auto& from : uuids) {
    for (const auto& to : uuids) {
      if (from != to) requests.push_back(between(base, from, to));
    }
  }
  return requests;
}

}  // namespace plumbline::agent
