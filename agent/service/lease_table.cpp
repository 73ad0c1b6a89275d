#include "agent/service/lease_table.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "core/contract.hpp"

namespace plumbline::agent {
namespace {

constexpr std::size_t kRunIdMost = 128;

bool plain(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](char letter) { return letter > 0x20 && letter < 0x7f; });
}

Status check_order(const ReserveOrder& order) {
  if (order.run_id.empty() || order.run_id.size() > kRunIdMost || !plain(order.run_id)) {
    return fail(ErrorCode::invalid_input, "a run id has 1 to 128 printable characters, no blanks");
  }
  const double asked = order.time_to_live.value;
  if (!std::isfinite(asked) || asked < kLeaseLeast || asked > kLeaseMost) {
    return fail(ErrorCode::invalid_input, "a lease lives 1 to 600 seconds");
  }
  return {};
}

}  // namespace

LeaseTable::LeaseTable(const Clock& clock, std::function<std::string()> nonce)
    : clock_(clock), nonce_(std::move(nonce)) {}

Status LeaseTable::refuse_if_taken(const std::string& peer, const ReserveOrder& order) const {
  if (!live()) {
    if (order.lease.empty()) return {};
    return fail(ErrorCode::conflict, "the lease has expired or was given back: reserve again");
  }
  if (lease_->peer != peer || lease_->run_id != order.run_id) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(lease_->until - clock_.now());
    return fail(ErrorCode::conflict, "the node is held by " + lease_->peer + " for run " +
                                         lease_->run_id + ", " + std::to_string(left.count()) +
                                         " s left");
  }
  if (!order.lease.empty() && order.lease != lease_->name) {
    return fail(ErrorCode::conflict, "the lease was taken over by another process of the same run");
  }
  return {};
}

Result<LeaseGrant> LeaseTable::reserve(const std::string& peer, const ReserveOrder& order) {
  if (const auto sound = check_order(order); !sound) return tl::unexpected(sound.error());
  const std::lock_guard lock(mutex_);
  if (const auto free = refuse_if_taken(peer, order); !free) return tl::unexpected(free.error());
  const std::string name = order.lease.empty() ? nonce_() : order.lease;
  lease_ = Lease{name, peer, order.run_id, clock_.now() + span_of(order.time_to_live)};
  return LeaseGrant{name, order.time_to_live};
}

Status LeaseTable::check_held(const std::string& peer, const std::string& lease) const {
  if (!lease_) return fail(ErrorCode::conflict, "no lease is held on this node: reserve it first");
  if (lease_->name != lease) return fail(ErrorCode::conflict, "the lease is not the one held");
  if (lease_->peer != peer) {
    return fail(ErrorCode::permission_denied, "the lease is bound to another peer than " + peer);
  }
  if (!live()) return fail(ErrorCode::conflict, "the lease has expired");
  return {};
}

Status LeaseTable::check(const std::string& peer, const std::string& lease) const {
  const std::lock_guard lock(mutex_);
  return check_held(peer, lease);
}

Status LeaseTable::release(const std::string& peer, const std::string& lease) {
  const std::lock_guard lock(mutex_);
  const auto held = check_held(peer, lease);
  if (held) lease_.reset();
  return held;
}

void LeaseTable::doubt(const std::string& lease) {
  const std::lock_guard lock(mutex_);
  if (!lease_ || lease_->name != lease) return;
  lease_->until = std::min(lease_->until, clock_.now() + span_of({kLeaseDoubted}));
}

std::optional<LeaseHolder> LeaseTable::holder() const {
  const std::lock_guard lock(mutex_);
  if (!live()) return std::nullopt;
  return LeaseHolder{lease_->peer, lease_->run_id, in_seconds(lease_->until - clock_.now())};
}

std::string random_nonce() {
  std::array<unsigned char, 16> bytes{};
  require(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1,
          "the system gives random bytes");
  std::string text;
  for (const auto byte : bytes) {
    constexpr const char* digits = "0123456789abcdef";
    text.push_back(digits[byte >> 4U]);
    text.push_back(digits[byte & 15U]);
  }
  return text;
}

}  // namespace plumbline::agent
