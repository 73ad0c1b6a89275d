#include "probes/drivers/fake/fake_path.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>

namespace plumbline::probes {

namespace {

constexpr std::size_t kPiece = 16U << 10U;
constexpr std::chrono::milliseconds kStep{1};

/// Bytes on their way, with the time of their arrival.
struct Piece {
  Moment arrives;
  std::vector<std::byte> bytes;
  bool last = false;  ///< of its send
};

/// One direction of one connection.
struct Lane {
  std::deque<Piece> pieces;
  Moment free{};
  std::uint64_t position = 0;
  std::size_t sends = 0;  ///< begun
  std::size_t taken = 0;  ///< of these, arrived
};

}  // namespace

/// What all connections share: lanes by the receiving connection's number.
class FakeFabric {
 public:
  explicit FakeFabric(FakePath path)
      : path_(std::move(path)), start_(std::chrono::steady_clock::now()) {}

  Result<std::uint64_t> open(const std::string& device) {
    const std::lock_guard lock(mutex_);
    if (!path_.absent && flaps_ == path_.flaps) return ++last_;
    if (!path_.absent) ++flaps_;
    return fail(ErrorCode::unavailable, "opening a fake path on " + device + ": no such device");
  }

  void send(std::uint64_t to, std::span<const std::byte> bytes) {
    const std::lock_guard lock(mutex_);
    Lane& lane = lanes_[to];
    ++lane.sends;
    Moment at = std::max(lane.free, std::chrono::steady_clock::now());
    while (!bytes.empty()) {
      const auto part = bytes.first(std::min(kPiece, bytes.size()));
      at = after(at, part.size());
      bytes = bytes.subspan(part.size());
      Piece piece{at, {part.begin(), part.end()}, bytes.empty()};
      corrupt(lane.position, piece.bytes);
      lane.position += part.size();
      lane.pieces.push_back(std::move(piece));
    }
    lane.free = at;
    changed_.notify_all();
  }

  std::size_t receive(std::uint64_t self, std::span<std::byte> into) {
    const std::lock_guard lock(mutex_);
    Lane& lane = lanes_[self];
    std::size_t done = 0;
    while (!lane.pieces.empty() && done < into.size() && arrived(lane.pieces.front())) {
      auto& bytes = lane.pieces.front().bytes;
      const std::size_t count = std::min(bytes.size(), into.size() - done);
      std::copy_n(bytes.begin(), count, into.begin() + static_cast<std::ptrdiff_t>(done));
      bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
      done += count;
      moved_ += count;
      if (!bytes.empty()) break;
      if (lane.pieces.front().last) ++lane.taken;
      lane.pieces.pop_front();
    }
    return done;
  }

  std::size_t pending(std::uint64_t to) {
    const std::lock_guard lock(mutex_);
    const Lane& lane = lanes_[to];
    return lane.sends - lane.taken;
  }

  void wait(Deadline deadline) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::min<std::chrono::nanoseconds>(deadline.left(), kStep));
  }

  std::vector<Link> links() {
    const std::lock_guard lock(mutex_);
    std::vector<Link> links(2);
    int index = 1;
    for (Link& link : links) {
      link.index = index;
      link.name = "ens" + std::to_string(index++);
      link.state = "up";
      link.running = true;
      link.carrier_downs = flaps_;
      link.addresses = {"10.0.0." + std::to_string(index) + "/24"};
      if (link.name == path_.moves) link.sent_bytes = link.received_bytes = moved_ + drained();
    }
    return links;
  }

  const FakePath& path() const { return path_; }

 private:
  std::uint64_t drained() const {
    const auto since = std::min(std::chrono::nanoseconds(std::chrono::steady_clock::now() - start_),
                                path_.drains);
    return static_cast<std::uint64_t>(2 * path_.rate.value * in_seconds(since).value);
  }

  bool arrived(const Piece& piece) const {
    const bool dead = path_.dead || (path_.dies_after && moved_ >= *path_.dies_after);
    return !dead && piece.arrives <= std::chrono::steady_clock::now();
  }

  /// When `size` bytes that start at `from` are there: stalls are at the end of every period.
  Moment after(Moment from, std::size_t size) const {
    const auto moving =
        std::chrono::duration_cast<std::chrono::nanoseconds>(path_.period * (1 - path_.stalls));
    auto left = std::chrono::nanoseconds(
        static_cast<std::int64_t>(static_cast<double>(size) / path_.rate.value * 1e9));
    while (true) {
      const auto place = (from - start_) % path_.period;
      const auto room = moving - place;
      if (left <= room) return from + left;
      if (room > room.zero()) left -= room;
      from += path_.period - place;
    }
  }

  void corrupt(std::uint64_t position, std::vector<std::byte>& bytes) const {
    if (!path_.corrupts || *path_.corrupts < position) return;
    const std::uint64_t place = *path_.corrupts - position;
    if (place < bytes.size()) bytes[static_cast<std::size_t>(place)] ^= std::byte{0x01};
  }

  const FakePath path_;
  const Moment start_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, Lane> lanes_;
  std::uint64_t last_ = 0;
  std::uint64_t flaps_ = 0;
  std::uint64_t moved_ = 0;
};

namespace {

class FakeConnection final : public Connection {
 public:
  FakeConnection(std::shared_ptr<FakeFabric> fabric, std::string device, std::uint64_t self)
      : fabric_(std::move(fabric)), device_(std::move(device)), self_(self) {}

  Result<std::string> address() override { return std::to_string(self_); }

  Status connect(const std::string& peer) override {
    peer_ = std::stoull(peer);
    return {};
  }

  Status send(std::span<const std::byte> bytes) override {
    fabric_->send(peer_, bytes);
    return {};
  }

  std::size_t pending() const override { return fabric_->pending(peer_); }
  Result<std::size_t> receive(std::span<std::byte> into) override {
    return fabric_->receive(self_, into);
  }

  Status progress(Deadline deadline) override {
    if (!deadline.passed()) fabric_->wait(deadline);
    return {};
  }

  std::vector<std::string> transports() override { return {"fake/" + device_}; }

 private:
  std::shared_ptr<FakeFabric> fabric_;
  std::string device_;
  std::uint64_t self_;
  std::uint64_t peer_ = 0;
};

}  // namespace

Result<std::unique_ptr<Connection>> FakePaths::open(const std::string& device,
                                                    Waiting /*waiting*/) {
  const auto self = fabric_->open(device);
  if (!self) return tl::unexpected(self.error());
  return std::unique_ptr<Connection>(new FakeConnection(fabric_, device, *self));
}

Tally FakePaths::tally() { return {}; }

std::vector<Link> FakePaths::links() const { return fabric_->links(); }

std::shared_ptr<FakeFabric> fake_fabric(FakePath path) {
  return std::make_shared<FakeFabric>(std::move(path));
}

}  // namespace plumbline::probes
