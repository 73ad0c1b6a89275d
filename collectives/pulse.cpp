#include "collectives/pulse.hpp"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <utility>
#include <vector>

namespace plumbline::collectives {
namespace {

using Kind = Fault::Kind;

constexpr std::array<std::pair<const char*, Kind>, 5> kKinds{{{"kill", Kind::kill},
                                                              {"stop", Kind::stop},
                                                              {"delay", Kind::delay},
                                                              {"slow", Kind::slow},
                                                              {"corrupt", Kind::corrupt}}};

std::vector<std::string_view> cut(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t colon = 0; colon != std::string_view::npos;) {
    colon = text.find(':');
    parts.push_back(text.substr(0, colon));
    if (colon != std::string_view::npos) text.remove_prefix(colon + 1);
  }
  return parts;
}

template <typename Number>
bool read_number(std::string_view text, Number& number) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() && read.ptr == text.data() + text.size();
}

Status wait(Clock& clock, Seconds time) {
  clock.wait_until(clock.now() + std::chrono::duration_cast<std::chrono::nanoseconds>(
                                     std::chrono::duration<double>(time.value)));
  return {};
}

}  // namespace

Status Pulse::enter() {
  if (hook_.before) {
    if (auto let = hook_.before(entered_.load() + 1); !let) return let;
  }
  ++entered_;
  begin();
  return {};
}

void Pulse::leave(std::span<std::byte> result) {
  end();
  if (hook_.after) hook_.after(entered_.load(), result);
}

Result<Fault> parse_fault(std::string_view text) {
  const auto wrong = [&] {
    return fail(ErrorCode::invalid_input,
                "not a fault: " + std::string(text) +
                    " (kill|stop|corrupt:RANK:OPERATION or delay|slow:RANK:OPERATION:TIME)");
  };
  const auto parts = cut(text);
  Fault fault;
  bool known = false;
  for (const auto& [name, kind] : kKinds) {
    if (parts[0] != name) continue;
    fault.kind = kind;
    known = true;
  }
  const bool timed = fault.kind == Kind::delay || fault.kind == Kind::slow;
  if (!known || parts.size() != (timed ? 4U : 3U)) return wrong();
  if (!read_number(parts[1], fault.rank) || !read_number(parts[2], fault.operation)) return wrong();
  if (fault.rank < 0 || fault.operation < 1) return wrong();
  if (!timed) return fault;
  const auto time = parse_duration(parts[3]);
  if (!time) return wrong();
  fault.time = in_seconds(*time);
  return fault;
}

FaultHook commit(const Fault& fault, int rank, Clock& clock) {
  if (fault.rank != rank) return {};
  if (fault.kind == Kind::corrupt) {
    return {{}, [fault](std::uint64_t sequence, std::span<std::byte> result) {
              if (sequence >= fault.operation && !result.empty())
                result[result.size() / 2] ^= std::byte{1};
            }};
  }
  return {[fault, &clock](std::uint64_t sequence) -> Status {
            const bool now = sequence == fault.operation;
            if (fault.kind == Kind::slow && sequence >= fault.operation)
              return wait(clock, fault.time);
            if (fault.kind == Kind::delay && now) return wait(clock, fault.time);
            if (fault.kind == Kind::kill && now) ::kill(::getpid(), SIGKILL);
            if (fault.kind == Kind::stop && now) ::kill(::getpid(), SIGSTOP);
            return {};
          },
          {}};
}

}  // namespace plumbline::collectives
