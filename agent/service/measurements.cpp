#include "agent/service/measurements.hpp"

namespace plumbline::agent {
namespace {

constexpr std::size_t kMost = 16;

}  // namespace

Status Measurements::refuse_if_taken(const std::string& name, const std::string& device) const {
  if (children_.contains(name)) {
    return fail(ErrorCode::conflict, "measurement " + name + " already runs here");
  }
  if (const auto taken = devices_.find(device); taken != devices_.end()) {
    return fail(ErrorCode::conflict, "device " + device + " is being measured by " + taken->second);
  }
  if (children_.size() >= kMost) {
    return fail(ErrorCode::conflict, "16 measurements run here, which is the most");
  }
  return {};
}

Result<std::unique_ptr<Measurements::Place>> Measurements::begin(const std::string& name,
                                                                 const std::string& device,
                                                                 std::shared_ptr<ChildRun> child,
                                                                 Deadline deadline) {
  std::unique_lock lock(mutex_);
  auto free = refuse_if_taken(name, device);
  while (!free && !deadline.passed()) {
    freed_.wait_for(lock, deadline.left());
    free = refuse_if_taken(name, device);
  }
  if (!free) return tl::unexpected(free.error());
  std::unique_ptr<Place> place(new Place(*this));
  place->name_ = name;
  place->device_ = device;
  place->child_ = child;
  children_[name] = std::move(child);
  devices_[device] = name;
  return place;
}

void Measurements::end(const Place& place) {
  const std::lock_guard lock(mutex_);
  children_.erase(place.name_);
  devices_.erase(place.device_);
  freed_.notify_all();
}

Status Measurements::give(const std::string& name, const GatheredEvent& gathered,
                          Deadline deadline) {
  std::shared_ptr<ChildRun> child;
  {
    const std::lock_guard lock(mutex_);
    const auto found = children_.find(name);
    if (found == children_.end()) {
      return fail(ErrorCode::not_found, "measurement " + name + " does not run here");
    }
    child = found->second;
  }
  return child->give(gathered, deadline);
}

bool Measurements::wait_for_none(Deadline deadline) {
  std::unique_lock lock(mutex_);
  while (!children_.empty() && !deadline.passed())
    freed_.wait_for(lock, deadline.left());
  return children_.empty();
}

std::size_t Measurements::count() const {
  const std::lock_guard lock(mutex_);
  return children_.size();
}

}  // namespace plumbline::agent
