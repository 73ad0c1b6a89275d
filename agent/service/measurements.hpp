#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "agent/supervisor/child_run.hpp"
#include "core/result.hpp"

namespace plumbline::agent {

/// What is being measured on this node now: each name once, each device once, 16 at most.
/// Thread-safe. Must outlive what begin() returned.
class Measurements {
 public:
  /// One measurement's place; gives it free when destroyed.
  class Place {
   public:
    ~Place() { owner_.end(*this); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ChildRun& child() { return *child_; }

   private:
    friend class Measurements;
    explicit Place(Measurements& owner) : owner_(owner) {}
    Measurements& owner_;
    std::string name_;
    std::string device_;
    std::shared_ptr<ChildRun> child_;
  };

  /// Takes a place, waiting for one whose child is just being ended. At the deadline: `conflict`
  /// says which name or device is taken by what.
  Result<std::unique_ptr<Place>> begin(const std::string& name, const std::string& device,
                                       std::shared_ptr<ChildRun> child, Deadline deadline);
  /// Hands gathered bytes to the child of that name.
  Status give(const std::string& name, const GatheredEvent& gathered, Deadline deadline);
  /// Waits until none runs any more; false at the deadline.
  bool wait_for_none(Deadline deadline);
  /// How many run.
  std::size_t count() const;

 private:
  void end(const Place& place);
  Status refuse_if_taken(const std::string& name, const std::string& device) const;
  mutable std::mutex mutex_;
  std::condition_variable freed_;
  std::map<std::string, std::shared_ptr<ChildRun>> children_;  ///< by name
  std::map<std::string, std::string> devices_;                 ///< device -> name
};

}  // namespace plumbline::agent
