#include "agent/stage/fleet.hpp"

#include <algorithm>

namespace plumbline::agent {
namespace {

constexpr Seconds kLease{30};
constexpr auto kRenewEvery = std::chrono::seconds(5);
constexpr auto kGreeting = std::chrono::seconds(15);
constexpr auto kFarewell = std::chrono::seconds(3);
constexpr int kHangsMost = 2;

}  // namespace

struct Fleet::Member {
  AgentAddress address;
  std::unique_ptr<AgentConnection> connection;
  netcheck::NodeFacts facts;
  bool reserved = false;
};

Fleet::Fleet(std::string run_id, Log& log) : run_id_(std::move(run_id)), log_(log) {}

Result<std::unique_ptr<Fleet>> Fleet::gather(const std::vector<StageAgent>& agents,
                                             const TlsFiles& tls, const std::string& run_id,
                                             Log& log) {
  if (agents.empty()) return gather(agents, TlsTexts{}, run_id, log);
  const auto texts = read_tls(tls);
  if (!texts) return tl::unexpected(texts.error());
  return gather(agents, *texts, run_id, log);
}

Result<std::unique_ptr<Fleet>> Fleet::gather(const std::vector<StageAgent>& agents,
                                             const TlsTexts& tls, const std::string& run_id,
                                             Log& log) {
  std::unique_ptr<Fleet> fleet(new Fleet(run_id, log));
  for (const auto& agent : agents) {
    auto member = std::make_unique<Member>();
    member->address = agent.address;
    member->facts.node = agent.address.node;
    if (agent.problem.empty()) {
      auto connection = AgentConnection::connect(agent.address, tls);
      if (!connection) return tl::unexpected(connection.error());
      member->connection = std::move(*connection);
    } else {
      fleet->give_up(*member, agent.problem);
    }
    fleet->members_.push_back(std::move(member));
  }
  std::vector<std::thread> greetings;
  for (const auto& member : fleet->members_) {
    if (member->connection) greetings.emplace_back([&fleet, &member] { fleet->greet(*member); });
  }
  for (auto& greeting : greetings)
    greeting.join();
  fleet->renewing_ = std::thread([raw = fleet.get()] { raw->keep_reserved(); });
  return fleet;
}

Fleet::~Fleet() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  ending_.notify_all();
  if (renewing_.joinable()) renewing_.join();
  release_all();
}

/// Reserves, then asks. One thread for each member.
void Fleet::greet(Member& member) {
  const Deadline deadline = Deadline::after(kGreeting);
  std::optional<Error> problem;
  if (const auto taken = member.connection->reserve(run_id_, kLease, deadline); !taken) {
    problem = taken.error();
  } else {
    member.reserved = true;
    auto told = member.connection->inventory(deadline);
    if (told) {
      member.facts = std::move(*told);
      member.facts.node = member.address.node;
      return;
    }
    problem = told.error();
  }
  give_up(member, problem->message);
}

void Fleet::give_up(Member& member, const std::string& reason) {
  member.facts.topology_problem = reason;
  member.facts.holdings_problem = reason;
  log_.warn(reason);
  const std::lock_guard lock(mutex_);
  given_up_[member.address.node] = reason;
}

void Fleet::keep_reserved() {
  std::unique_lock lock(mutex_);
  while (!ending_.wait_for(lock, kRenewEvery, [this] { return end_; })) {
    lock.unlock();
    for (const auto& member : members_) {
      if (!member->reserved || given_up(member->address.node)) continue;
      const auto renewed = member->connection->renew(Deadline::after(kFarewell));
      if (!renewed) note(Failed{renewed.error(), member->address.node});
    }
    lock.lock();
  }
}

void Fleet::release_all() {
  std::vector<std::thread> farewells;
  for (const auto& member : members_) {
    if (!member->reserved) continue;
    farewells.emplace_back([&member] {
      // A lease that cannot be given back ends by its time to live.
      (void)member->connection->release(Deadline::after(kFarewell));
    });
  }
  for (auto& farewell : farewells)
    farewell.join();
}

std::vector<netcheck::NodeFacts> Fleet::facts() const {
  std::vector<netcheck::NodeFacts> all;
  for (const auto& member : members_)
    all.push_back(member->facts);
  return all;
}

AgentConnection* Fleet::agent(const std::string& node) const {
  for (const auto& member : members_) {
    if (member->address.node == node) return member->connection.get();
  }
  return nullptr;
}

std::optional<std::string> Fleet::given_up(const std::string& node) const {
  const std::lock_guard lock(mutex_);
  const auto found = given_up_.find(node);
  return found == given_up_.end() ? std::nullopt : std::optional(found->second);
}

void Fleet::note(const Failed& failed) {
  if (failed.blamed.empty()) return;
  const std::lock_guard lock(mutex_);
  if (given_up_.contains(failed.blamed)) return;
  const bool lost = failed.error.code == ErrorCode::unavailable;
  if (!lost && ++hangs_[failed.blamed] < kHangsMost) return;
  given_up_[failed.blamed] =
      lost ? failed.error.message : failed.blamed + " failed twice, last: " + failed.error.message;
  log_.warn(failed.blamed + " is measured no more: " + failed.error.message);
}

}  // namespace plumbline::agent
