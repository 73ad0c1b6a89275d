#pragma once

#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/wire/messages.hpp"
#include "core/child.hpp"
#include "core/clock.hpp"

namespace plumbline::agent {

/// The program that measures, and where.
struct ProbeProgram {
  std::filesystem::path path;
  std::string node;                      ///< this node, for words and blame
  std::vector<std::string> environment;  ///< all that the child gets
  Seconds silence = kSilence;            ///< longer without a line = hung
};

/// The environment that a measuring child gets: what finds programs and libraries, and the settings
/// of UCX and NCCL. Nothing else of ours.
std::vector<std::string> child_environment();
/// What a child in a pod gets beside: the variables that tell which devices the pod was given.
std::vector<std::string> device_environment();

/// Takes an event of the child; false when nobody listens any more.
using EventSink = std::function<bool(const Event&)>;
/// Why the child must stop now; nothing while it may go on. Asked at least every 100 ms.
using StopWish = std::function<std::optional<Error>()>;

/// One measuring child from start to proven end. run() is called once, by one thread.
class ChildRun {
 public:
  ChildRun(ProbeProgram program, Clock& clock);
  ~ChildRun();

  /// Starts the child, gives it `request`, hands its events to `sink` and watches it: silence, the
  /// request's limit, `stop`, and whatever kills it. Returns when it is gone, its whole process
  /// group included, and says how it ended.
  MeasureEnd run(const Request& request, const EventSink& sink, const StopWish& stop);

  /// Writes gathered bytes to the running child, from any thread. `not_found` before and after.
  Status give(const GatheredEvent& gathered, Deadline deadline);

  /// Children killed by run(): 0 or 1.
  bool killed() const { return killed_; }

 private:
  struct Watch;
  Status start(Watch& watch);
  void listen(Watch& watch);
  void hear(Watch& watch, const std::string& line);
  void look(Watch& watch);
  void end_silence(Watch& watch);
  void finish(Watch& watch);
  Status end_child();
  void let_leave(Watch& watch);
  void leave(Watch& watch, const ChildExit& exit) const;
  std::string child_name(const Watch& watch) const;

  ProbeProgram program_;
  Clock& clock_;
  bool killed_ = false;
  std::mutex mutex_;  ///< holds the child in place while another thread writes to it
  std::optional<ChildProcess> child_;
};

}  // namespace plumbline::agent
