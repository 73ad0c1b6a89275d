#include "collectives/nccl/steps.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <new>

#include "core/units.hpp"

namespace plumbline::collectives {
namespace {

/// Calls `what` with each pair of numbers of two forms of the same.
template <typename From, typename Into, typename What>
void each_number(const From& from, Into& into, What what) {
  what(from.communicators, into.communicators);
  what(from.collectives, into.collectives);
  what(from.exchanges, into.exchanges);
  what(from.sends, into.sends);
  what(from.receives, into.receives);
  what(from.sent, into.sent);
  what(from.received, into.received);
  what(from.ib_requests, into.ib_requests);
  what(from.socket_calls, into.socket_calls);
  what(from.socket_bytes, into.socket_bytes);
  what(from.other_network, into.other_network);
  what(from.dropped, into.dropped);
  for (std::size_t nic = 0; nic < kNics; ++nic)
    what(from.nic_bytes.at(nic), into.nic_bytes.at(nic));
  for (std::size_t algorithm = 0; algorithm < kAlgorithms.size(); ++algorithm) {
    for (std::size_t protocol = 0; protocol < kProtocols.size(); ++protocol)
      what(from.chosen.at(algorithm).at(protocol), into.chosen.at(algorithm).at(protocol));
  }
  for (std::size_t wait = 0; wait < kWaits; ++wait)
    what(from.waited.at(wait), into.waited.at(wait));
}

std::string number(std::uint64_t value) { return std::to_string(value); }

std::string bytes(std::uint64_t value) { return format_size(Bytes{value}); }

std::string chosen_words(const StepCounts& counts) {
  std::string text;
  for (std::size_t algorithm = 0; algorithm < kAlgorithms.size(); ++algorithm) {
    for (std::size_t protocol = 0; protocol < kProtocols.size(); ++protocol) {
      const std::uint64_t times = counts.chosen.at(algorithm).at(protocol);
      if (times == 0) continue;
      text += (text.empty() ? "" : ", ") + std::string(kAlgorithms.at(algorithm)) + "/" +
              kProtocols.at(protocol) + " " + number(times);
    }
  }
  return text;
}

std::uint64_t at(const StepCounts& counts, StepWait wait) {
  return counts.waited.at(static_cast<std::size_t>(wait));
}

std::int64_t open(const StepCounts& counts, StepWait wait) {
  return counts.open.at(static_cast<std::size_t>(wait));
}

std::string network_words(const StepCounts& counts) {
  std::string text;
  for (std::size_t nic = 0; nic < kNics; ++nic) {
    if (counts.nic_bytes.at(nic) > 0)
      text += ", InfiniBand device " + number(nic) + ": " + bytes(counts.nic_bytes.at(nic));
  }
  if (counts.socket_calls > 0)
    text += ", sockets: " + bytes(counts.socket_bytes) + " in " + number(counts.socket_calls) +
            " calls";
  if (counts.other_network > 0)
    text += ", " + number(counts.other_network) + " events of a network plugin";
  return text;
}

}  // namespace

StepMemory::StepMemory(const std::string& library, const std::string& set) : library_(library) {
  if (!set.empty() && library != set) {
    problem_ = std::string(kStepLibrary) + " is set to " + set;
    return;
  }
  if (::access(library.c_str(), R_OK) != 0) {
    problem_ = "there is no " + library;
    return;
  }
  descriptor_ = ::memfd_create("nccl-steps", MFD_CLOEXEC);
  const bool made = descriptor_ >= 0 && ::ftruncate(descriptor_, sizeof(StepBlock)) == 0;
  void* const memory =
      made ? ::mmap(nullptr, sizeof(StepBlock), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, 0)
           : MAP_FAILED;
  if (memory == MAP_FAILED) {
    problem_ = "no memory to share with NCCL's profiler";
    return;
  }
  block_ = new (memory) StepBlock();
  block_->version = kStepVersion;
}

std::map<std::string, std::string> StepMemory::settings() const {
  if (block_ == nullptr) return {};
  return {{kStepVariable, "/proc/self/fd/" + std::to_string(descriptor_)},
          {kStepLibrary, library_}};
}

StepMemory::~StepMemory() {
  if (block_ != nullptr) ::munmap(block_, sizeof(StepBlock));
  if (descriptor_ >= 0) ::close(descriptor_);
}

StepCounts StepMemory::look() const {
  StepCounts counts{};
  if (block_ == nullptr) return counts;
  each_number(*block_, counts, [](const auto& from, auto& into) { into = from.load(); });
  for (std::size_t wait = 0; wait < kWaits; ++wait)
    counts.open.at(wait) = block_->open.at(wait).load();
  counts.sends_to = block_->sends_to.load();
  return counts;
}

StepCounts steps_between(const StepCounts& before, const StepCounts& after) {
  StepCounts between = after;
  each_number(before, between, [](const auto& from, auto& into) { into -= from; });
  return between;
}

std::string step_words(const StepCounts& counts) {
  const std::string chosen = chosen_words(counts);
  std::string text =
      number(counts.collectives) + " collectives" + (chosen.empty() ? "" : " (" + chosen + ")") +
      ", " + number(counts.exchanges) + " sends and receives called for; the proxy sent " +
      bytes(counts.sent) + " in " + number(counts.sends) + " steps and received " +
      bytes(counts.received) + " in " + number(counts.receives) + network_words(counts);
  const auto wait = [&](const char* what, StepWait which) {
    if (at(counts, which) > 0)
      text += std::string(", ") + what + " " +
              format_time({static_cast<double>(at(counts, which)) * 1e-9});
  };
  wait("waited for its GPU", StepWait::own_gpu);
  wait("for room at the other end", StepWait::credit);
  wait("for the network", StepWait::network);
  wait("for data", StepWait::data);
  wait("for its GPU to take data", StepWait::consumer);
  if (counts.dropped > 0) text += ", " + number(counts.dropped) + " events not followed";
  return text;
}

std::string standing_words(const StepCounts& counts) {
  if (counts.communicators == 0) return {};
  const auto waiting = open(counts, StepWait::data) + open(counts, StepWait::credit);
  return "; steps untaken " + std::to_string(open(counts, StepWait::consumer)) + " unsent " +
         std::to_string(open(counts, StepWait::network)) + " to " +
         std::to_string(counts.sends_to) + " waiting " + std::to_string(waiting);
}

Proof prove_steps(const StepCounts& during, const std::string& problem, const Endpoint& at,
                  int ranks) {
  Proof proof;
  proof.kind = "profiler";
  proof.at = at;
  proof.source = "NCCL's profiler interface";
  const bool told = during.collectives + during.exchanges + during.sends + during.receives > 0;
  proof.holds = problem.empty() && (told || ranks == 1);
  proof.statement = problem.empty() ? step_words(during) : "nothing was counted: " + problem;
  if (problem.empty() && !told)
    proof.statement = ranks == 1
                          ? "one rank needs no step"
                          : "NCCL told of no event: it has no profiler interface before 2.23";
  return proof;
}

double patience_of(const StepCounts& counts) {
  return static_cast<double>(at(counts, StepWait::data) + at(counts, StepWait::credit)) * 1e-9;
}

}  // namespace plumbline::collectives
