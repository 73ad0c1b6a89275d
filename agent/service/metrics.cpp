#include "agent/service/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "agent/version.hpp"

namespace plumbline::agent {

using prometheus::BuildCounter;
using prometheus::BuildGauge;

struct Metrics::Parts {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Gauge>& info =
      BuildGauge().Name("plumbline_agent_info").Help("Always 1.").Register(registry);
  prometheus::Gauge& held = BuildGauge()
                                .Name("plumbline_agent_leased")
                                .Help("1 while a coordinator holds the node's lease.")
                                .Register(registry)
                                .Add({});
  prometheus::Counter& leases = BuildCounter()
                                    .Name("plumbline_agent_leases_total")
                                    .Help("Leases given, renewals not counted.")
                                    .Register(registry)
                                    .Add({});
  prometheus::Gauge& running = BuildGauge()
                                   .Name("plumbline_agent_measurements_running")
                                   .Help("Measurements that run now.")
                                   .Register(registry)
                                   .Add({});
  prometheus::Family<prometheus::Counter>& measurements =
      BuildCounter()
          .Name("plumbline_agent_measurements_total")
          .Help("Measurements that ended, by probe and by how their child ended.")
          .Register(registry);
  prometheus::Counter& killed = BuildCounter()
                                    .Name("plumbline_agent_children_killed_total")
                                    .Help("Measuring children that had to be killed.")
                                    .Register(registry)
                                    .Add({});
  prometheus::Family<prometheus::Counter>& refused =
      BuildCounter()
          .Name("plumbline_agent_calls_refused_total")
          .Help("Calls that were refused, by reason.")
          .Register(registry);
};

Metrics::Metrics(const std::string& node) : parts_(std::make_unique<Parts>()) {
  parts_->info.Add({{"node", node}, {"version", version()}}).Set(1);
}

Metrics::~Metrics() = default;

void Metrics::lease_given() { parts_->leases.Increment(); }

void Metrics::lease_held(bool held) { parts_->held.Set(held ? 1 : 0); }

void Metrics::measurement_began() { parts_->running.Increment(); }

void Metrics::measurement_ended(const std::string& probe, const std::string& fate, bool killed) {
  parts_->running.Decrement();
  parts_->measurements.Add({{"probe", probe}, {"fate", fate}}).Increment();
  if (killed) parts_->killed.Increment();
}

void Metrics::refused(const std::string& code) {
  parts_->refused.Add({{"reason", code}}).Increment();
}

std::string Metrics::text() const {
  return prometheus::TextSerializer().Serialize(parts_->registry.Collect());
}

}  // namespace plumbline::agent
