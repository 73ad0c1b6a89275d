#pragma once

#include <cstddef>
#include <string>

#include "core/model/report.hpp"

namespace plumbline::samples {

/// What the paths of a made-up fabric measure and are held against, B/s.
inline constexpr double kWithinRack = 24.9e6;
inline constexpr double kBetweenRacks = 12.4e6;

std::string node_name(std::size_t number);
std::string rack_name(std::size_t node_number);

/// An empty report of a run, with its nodes (two a rack) and rails.
Report frame(std::size_t nodes, std::size_t rails);

/// A goodput outcome with batches, interval and proof on both ends.
Outcome goodput(const Endpoint& from, const Endpoint& to, double rate,
                const std::string& direction);

/// Adds goodput both ways, latency and judgements of every pair on every rail.
void add_pairs(Report& report, std::size_t nodes);

/// Adds memory copies, loopback latencies and all-reduces.
void add_node_probes(Report& report, std::size_t nodes);
void add_collectives(Report& report);

/// What a path between these nodes should reach.
Expectation expected_between(const Endpoint& from, const Endpoint& to);

/// Multiplies the goodput of every path that touches the node on the rail and judges it degraded.
void slow_down(Report& report, const std::string& node, const std::string& rail, double factor);

/// Turns every outcome that touches the node into a skipped one.
void skip_node(Report& report, const std::string& node, const std::string& reason);

/// Puts what was not measured first, as a stage does.
void order(Report& report);

/// A finding with its texts; the rest is filled in by the caller.
Finding finding(const std::string& rule, Verdict verdict, const Subject& subject,
                const std::string& message);

}  // namespace plumbline::samples
