#pragma once

#include <memory>
#include <string>

namespace plumbline::agent {

/// What the daemon counts, in Prometheus' terms. Thread-safe.
class Metrics {
 public:
  /// `node` and plumbline's version become labels of `plumbline_agent_info`.
  explicit Metrics(const std::string& node);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// A lease was given for the first time (not renewed).
  void lease_given();
  /// The node is leased now, or not.
  void lease_held(bool held);
  /// A measurement begins; ended() says how it went, by ChildFate's word.
  void measurement_began();
  void measurement_ended(const std::string& probe, const std::string& fate, bool killed);
  /// A call was refused, by ErrorCode's word.
  void refused(const std::string& code);

  /// The text exposition format, version 0.0.4.
  std::string text() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace plumbline::agent
