#include "agent/supervisor/child_run.hpp"

#include <signal.h>

#include <chrono>
#include <memory>
#include <utility>

#include "agent/supervisor/error_tail.hpp"
#include "agent/supervisor/release.hpp"
#include "core/json/codec.hpp"
#include "core/units.hpp"

namespace plumbline::agent {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLook{50};             // between two looks at what else may end the child
constexpr milliseconds kStartWithin{5000};    // to take its request
constexpr milliseconds kLeaveWithin{2000};    // from its last word to its exit
constexpr milliseconds kReleaseWithin{5000};  // from the kill to an empty process group
constexpr milliseconds kLimitGrace{1000};     // beyond the limit that the child keeps by itself
constexpr milliseconds kProgressEvery{100};   // progress is for people
constexpr std::size_t kEventsMost = 10000;    // all but progress
constexpr std::size_t kBytesMost = 64U << 20U;

const char* words_of(char state) {
  switch (state) {
    case 'T':
    case 't':
      return "T (stopped)";
    case 'D':
      return "D (waiting in the kernel)";
    case 'R':
      return "R (running)";
    case 'S':
      return "S (sleeping)";
    case 'Z':
      return "Z (ended)";
    default:
      return "unknown";
  }
}

}  // namespace

/// What one run() knows so far.
struct ChildRun::Watch {
  const Request& request;
  const EventSink& sink;
  const StopWish& stop;
  ErrorTail errors;
  Deadline limit;
  Moment heard;
  Moment looked{};
  Moment progressed{};
  std::size_t events = 0;
  std::size_t bytes = 0;
  bool done = false;
  bool closed = false;  ///< its output ended, or it did
  std::optional<MeasureEnd> end = std::nullopt;

  /// The first reason stands.
  void end_as(ChildFate fate, ErrorCode code, std::string text, std::string blamed) {
    if (end) return;
    end = MeasureEnd{fate, Failed{{code, std::move(text)}, std::move(blamed)}, {}, true};
  }
  bool over() const { return end || done || closed; }
};

std::vector<std::string> child_environment() {
  return environment_of({"PATH", "HOME", "TMPDIR", "LANG", "LD_LIBRARY_PATH",
                         "CUDA_VISIBLE_DEVICES", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"},
                        {"UCX_", "NCCL_"});
}

std::vector<std::string> device_environment() {
  return environment_of({"NVIDIA_VISIBLE_DEVICES"}, {"PCIDEVICE_"});
}

ChildRun::ChildRun(ProbeProgram program, Clock& clock)
    : program_(std::move(program)), clock_(clock) {}

ChildRun::~ChildRun() = default;

std::string ChildRun::child_name(const Watch& watch) const {
  std::string name = program_.path.filename().string() + " (" + watch.request.probe;
  if (watch.request.size > 1) name += ", rank " + std::to_string(watch.request.rank);
  return name + ") on " + program_.node;
}

MeasureEnd ChildRun::run(const Request& request, const EventSink& sink, const StopWish& stop) {
  auto errors = ErrorTail::open();
  if (!errors) {
    return {ChildFate::not_started, Failed{errors.error(), program_.node}, {}, true};
  }
  Watch watch{request,
              sink,
              stop,
              std::move(*errors),
              Deadline::after(span_of(request.limit) + kLimitGrace),
              clock_.now()};
  if (const auto started = start(watch); !started) {
    watch.end_as(ChildFate::not_started, started.error().code, started.error().message,
                 program_.node);
  }
  if (child_) {
    listen(watch);
    finish(watch);
  }
  MeasureEnd end = watch.end.value_or(MeasureEnd{});
  end.last_words = watch.errors.last_words();
  return end;
}

Status ChildRun::start(Watch& watch) {
  const std::lock_guard lock(mutex_);
  auto child = ChildProcess::start({.program = program_.path,
                                    .arguments = {},
                                    .environment = program_.environment,
                                    .error_log = watch.errors.path()});
  watch.errors.hide();
  if (!child) return tl::unexpected(child.error());
  child_.emplace(std::move(*child));
  const auto given = child_->write_line(json::encode(watch.request), Deadline::after(kStartWithin));
  if (!given && given.error().code == ErrorCode::deadline_exceeded) {
    watch.end_as(ChildFate::hung, ErrorCode::deadline_exceeded,
                 child_name(watch) + " does not take its request", program_.node);
  }
  return {};  // a child that left at once is told from its exit
}

void ChildRun::listen(Watch& watch) {
  while (!watch.over()) {
    const auto line = child_->read_line(Deadline::after(kLook));
    if (line && *line) {
      hear(watch, **line);
    } else if (line) {
      watch.closed = true;
    } else if (line.error().code == ErrorCode::deadline_exceeded) {
      end_silence(watch);
    } else {
      watch.end_as(ChildFate::babbled, line.error().code,
                   child_name(watch) + ": " + line.error().message, program_.node);
    }
    look(watch);
  }
}

void ChildRun::hear(Watch& watch, const std::string& line) {
  const auto event = json::decode_event(line);
  if (!event || std::holds_alternative<GatheredEvent>(*event)) {
    watch.end_as(ChildFate::babbled, ErrorCode::invalid_input,
                 child_name(watch) + " said what is no event: " +
                     (event ? "gathered bytes" : event.error().message),
                 program_.node);
    return;
  }
  watch.heard = clock_.now();
  const bool progress = std::holds_alternative<ProgressEvent>(*event);
  watch.bytes += line.size();
  watch.events += progress ? 0 : 1;
  if (watch.events > kEventsMost || watch.bytes > kBytesMost) {
    watch.end_as(ChildFate::babbled, ErrorCode::invalid_input,
                 child_name(watch) + " said more than 10000 events or 64 MiB", program_.node);
    return;
  }
  watch.done = std::holds_alternative<DoneEvent>(*event);
  if (progress && watch.heard - watch.progressed < kProgressEvery) return;
  if (progress) watch.progressed = watch.heard;
  if (!watch.sink(*event)) {
    watch.end_as(ChildFate::cancelled, ErrorCode::cancelled, "nobody listens any more", "");
  }
  watch.heard = clock_.now();  // handing on may block, which is not the child's silence
}

/// Everything that can end a child and is not its own word.
void ChildRun::look(Watch& watch) {
  const Moment now = clock_.now();
  if (now - watch.looked < kLook && !watch.closed) return;
  watch.looked = now;
  watch.errors.drain();
  if (const auto wish = watch.stop()) {
    watch.end_as(ChildFate::cancelled, wish->code, wish->message, "");
  }
  if (watch.limit.passed() && !watch.done) {
    const bool alone = watch.request.size == 1;
    watch.end_as(ChildFate::overran, ErrorCode::deadline_exceeded,
                 child_name(watch) + " was not done within its limit of " +
                     format_time(watch.request.limit) + ", process state " +
                     words_of(child_->state()) + "; it was killed",
                 alone ? program_.node : "");
  }
}

/// Nothing came since the last look, so what is left to hear is nothing.
void ChildRun::end_silence(Watch& watch) {
  const char state = child_->state();
  if (state == 'Z') {  // gone, while a process that it left behind holds its output open
    watch.closed = true;
    return;
  }
  const auto silent = in_seconds(clock_.now() - watch.heard);
  if (silent.value <= program_.silence.value) return;
  watch.end_as(ChildFate::hung, ErrorCode::deadline_exceeded,
               child_name(watch) + " is hung: nothing heard for " + format_time(silent) +
                   ", process state " + words_of(state) + "; it was killed",
               program_.node);
}

void ChildRun::finish(Watch& watch) {
  if (!watch.end) let_leave(watch);
  const pid_t group = child_->id();
  killed_ = watch.end && watch.end->fate != ChildFate::exited && watch.end->fate != ChildFate::died;
  auto released = end_child();
  watch.errors.drain();
  if (released) released = prove_released(group, clock_, Deadline::after(kReleaseWithin));
  if (released) return;
  watch.end_as(ChildFate::hung, released.error().code,
               child_name(watch) + ": " + released.error().message, program_.node);
  watch.end->released = false;
  watch.end->failed->error.message += "; release of its devices is not proven";
}

/// Kills the group and reaps the child. One that even SIGKILL does not end (state D) is left alone
/// with its owner, whose destructor would wait for it.
Status ChildRun::end_child() {
  const bool reaped = child_->state() == '?';  // then the group's number may be another's
  if (!reaped) ::kill(-child_->id(), SIGKILL);
  const auto ended = child_->wait(Deadline::after(kReleaseWithin));
  const std::lock_guard lock(mutex_);
  if (!ended) {
    const auto* const left = std::make_unique<ChildProcess>(std::move(*child_)).release();
    child_.reset();
    return fail(ErrorCode::deadline_exceeded, "process " + std::to_string(left->id()) +
                                                  " outlives SIGKILL in state " +
                                                  words_of(left->state()));
  }
  child_.reset();
  return {};
}

void ChildRun::let_leave(Watch& watch) {
  {
    const std::lock_guard lock(mutex_);
    child_->close_input();
  }
  const auto exit = child_->wait(Deadline::after(kLeaveWithin));
  if (exit) return leave(watch, *exit);
  watch.end_as(ChildFate::hung, ErrorCode::deadline_exceeded,
               child_name(watch) + " is hung: it is done and does not leave, process state " +
                   words_of(child_->state()) + "; it was killed",
               program_.node);
}

void ChildRun::leave(Watch& watch, const ChildExit& exit) const {
  if (exit.signal) {
    watch.end_as(ChildFate::died, ErrorCode::internal, child_name(watch) + " " + exit.text(),
                 program_.node);
  } else if (exit.status != 0 || !watch.done) {
    const std::string undone = watch.done ? "" : " before it was done";
    watch.end_as(ChildFate::exited, ErrorCode::internal,
                 child_name(watch) + " " + exit.text() + undone,
                 watch.request.size == 1 ? program_.node : "");
  }
}

Status ChildRun::give(const GatheredEvent& gathered, Deadline deadline) {
  const std::lock_guard lock(mutex_);
  if (!child_) return fail(ErrorCode::not_found, "the measurement does not run");
  return child_->write_line(json::encode(Event(gathered)), deadline);
}

}  // namespace plumbline::agent
