#include "core/rendezvous.hpp"

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>

namespace plumbline {
namespace {

constexpr std::size_t kMessageMost = 64U << 10U;

/// What all ends of one in-memory rendezvous share.
class Meeting {
 public:
  explicit Meeting(int size) : size_(size) {}

  Result<std::vector<std::string>> gather(int rank, int sequence, std::string bytes,
                                          Deadline deadline) {
    std::unique_lock lock(mutex_);
    auto& table = tables_[sequence];
    table.resize(static_cast<std::size_t>(size_));
    table[static_cast<std::size_t>(rank)] = std::move(bytes);
    arrived_.notify_all();
    const auto all_here = [&] { return !first_missing(table).has_value(); };
    while (!all_here()) {
      if (deadline.passed()) {
        return fail(ErrorCode::deadline_exceeded,
                    "rank " + std::to_string(*first_missing(table)) + " did not come");
      }
      arrived_.wait_for(lock, deadline.left());
    }
    std::vector<std::string> everybody;
    for (const auto& entry : table)
      everybody.push_back(*entry);
    return everybody;
  }

  int size() const { return size_; }

 private:
  using Table = std::vector<std::optional<std::string>>;

  static std::optional<int> first_missing(const Table& table) {
    for (std::size_t rank = 0; rank < table.size(); ++rank) {
      if (!table[rank]) return static_cast<int>(rank);
    }
    return std::nullopt;
  }

  const int size_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::map<int, Table> tables_;
};

class InMemoryRendezvous final : public Rendezvous {
 public:
  InMemoryRendezvous(std::shared_ptr<Meeting> meeting, int rank)
      : meeting_(std::move(meeting)), rank_(rank) {}

  int rank() const override { return rank_; }
  int size() const override { return meeting_->size(); }

  Result<std::vector<std::string>> allgather(std::string bytes, Deadline deadline) override {
    if (bytes.size() > kMessageMost) {
      return fail(ErrorCode::invalid_input, "a rendezvous message is larger than 64 KiB");
    }
    return meeting_->gather(rank_, sequence_++, std::move(bytes), deadline);
  }

 private:
  std::shared_ptr<Meeting> meeting_;
  int rank_;
  int sequence_ = 0;
};

}  // namespace

std::vector<std::unique_ptr<Rendezvous>> in_memory_rendezvous(int size) {
  const auto meeting = std::make_shared<Meeting>(size);
  std::vector<std::unique_ptr<Rendezvous>> ends;
  for (int rank = 0; rank < size; ++rank) {
    ends.push_back(std::make_unique<InMemoryRendezvous>(meeting, rank));
  }
  return ends;
}

}  // namespace plumbline
