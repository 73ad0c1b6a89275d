#include "agent/service/tenant_watch.hpp"

#include <algorithm>
#include <chrono>

namespace plumbline::agent {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kEvery{500};
constexpr milliseconds kAnswerWithin{2000};
constexpr milliseconds kUnknownMost{5000};  // one late answer of a busy kubelet is no alarm

}  // namespace

std::optional<Error> tenant_on(const NodeHoldings& holdings, const Watched& watched) {
  for (const auto& holding : holdings.holdings) {
    const bool same = std::find(watched.names.begin(), watched.names.end(), holding.device) !=
                      watched.names.end();
    if (!same || holding.pod_namespace == watched.own_namespace) continue;
    std::string text = holding.device + " on " + watched.node + " is held by pod " +
                       holding.pod_namespace + "/" + holding.pod_name;
    if (!holding.claim.empty()) text += " (claim " + holding.claim + ")";
    return Error{ErrorCode::conflict, text};
  }
  return std::nullopt;
}

TenantWatch::TenantWatch(AskHoldings ask, Watched watched)
    : ask_(std::move(ask)),
      watched_(std::move(watched)),
      answer_by_(Deadline::after(kUnknownMost)) {}

Result<std::unique_ptr<TenantWatch>> TenantWatch::start(AskHoldings ask, Watched watched) {
  const auto holdings = ask(Deadline::after(kAnswerWithin));
  if (!holdings) {
    return pass_up(holdings.error(), "who holds " + watched.names.front() + " on " + watched.node +
                                         " cannot be told");
  }
  if (const auto tenant = tenant_on(*holdings, watched)) return tl::unexpected(*tenant);
  std::unique_ptr<TenantWatch> watch(new TenantWatch(std::move(ask), std::move(watched)));
  watch->thread_ = std::thread([&self = *watch] { self.keep_asking(); });
  return watch;
}

TenantWatch::~TenantWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void TenantWatch::keep_asking() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kEvery, [this] { return stopping_; }) && !alarm_) {
    lock.unlock();
    ask_once();
    lock.lock();
  }
}

void TenantWatch::ask_once() {
  const auto holdings = ask_(Deadline::after(kAnswerWithin));
  const std::lock_guard lock(mutex_);
  if (holdings) {
    alarm_ = tenant_on(*holdings, watched_);
    if (alarm_) alarm_->code = ErrorCode::cancelled;
    answer_by_ = Deadline::after(kUnknownMost);
  } else if (answer_by_.passed()) {
    alarm_ = Error{ErrorCode::unavailable,
                   "who holds " + watched_.names.front() + " on " + watched_.node +
                       " cannot be told any more: " + holdings.error().message};
  }
}

std::optional<Error> TenantWatch::alarm() const {
  const std::lock_guard lock(mutex_);
  return alarm_;
}

}  // namespace plumbline::agent
