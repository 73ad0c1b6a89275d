#include "probes/gpu/tenant_look.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace plumbline::probes {

namespace {

constexpr std::chrono::milliseconds kEvery{300};
constexpr std::chrono::seconds kAnswerWithin{1};
constexpr std::chrono::seconds kUnknownMost{5};

}  // namespace

std::optional<std::string> newcomer(const std::vector<GpuProcess>& processes, std::uint32_t own,
                                    std::size_t ours) {
  std::vector<std::uint32_t> others;
  for (const GpuProcess& process : processes) {
    if (process.pid != own) others.push_back(process.pid);
  }
  const bool known = others.size() < processes.size();
  const std::size_t allowed = ours - (known && ours > 0 ? 1 : 0);
  if (others.size() <= allowed) return std::nullopt;
  std::string words = others.size() == 1 ? "process " : "one of processes ";
  for (std::size_t i = 0; i < others.size(); ++i)
    words += (i > 0 ? ", " : "") + std::to_string(others[i]);
  return words;
}

TenantLook::TenantLook(GpuInstruments& instruments, std::vector<std::string> gpus, std::size_t ours,
                       std::function<void(const std::string&)> came)
    : instruments_(instruments),
      gpus_(std::move(gpus)),
      ours_(ours),
      came_(std::move(came)),
      answer_by_(Deadline::after(kUnknownMost)) {
  std::erase_if(gpus_, [](const std::string& uuid) { return uuid.rfind("MIG-", 0) == 0; });
  thread_ = std::thread([this] { keep_looking(); });
}

TenantLook::~TenantLook() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void TenantLook::keep_looking() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kEvery, [this] { return over_; })) {
    lock.unlock();
    const auto words = look();
    if (words) return came_(*words);
    lock.lock();
  }
}

std::optional<std::string> TenantLook::look() {
  for (const std::string& uuid : gpus_) {
    const auto processes = instruments_.processes(uuid, Deadline::after(kAnswerWithin));
    if (!processes) {
      if (!answer_by_.passed()) return std::nullopt;
      return "who is on " + uuid + " cannot be told any more: " + processes.error().message;
    }
    const auto who = newcomer(*processes, static_cast<std::uint32_t>(::getpid()), ours_);
    if (who) return *who + " came to " + uuid;
  }
  answer_by_ = Deadline::after(kUnknownMost);
  return std::nullopt;
}

}  // namespace plumbline::probes
