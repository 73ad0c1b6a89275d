#pragma once

#include <optional>
#include <string>
#include <vector>

#include "netcheck/components.hpp"
#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// What a number should be, or why nothing can be expected of it.
struct Expected {
  std::optional<Expectation> expectation;
  BytesPerSecond ceiling;  ///< the slowest hop's own rate (twice for both ways): more is impossible
  std::string reason;      ///< why there is no expectation; empty when there is one
};

/// The answer about a number.
enum class NumberVerdict { ok, degraded, inconclusive, no_expectation };
/// The word of the report: "ok", "degraded", "inconclusive", "no expectation".
const char* to_string(NumberVerdict verdict) noexcept;

/// A number held against its expectation.
struct JudgedNumber {
  NumberVerdict verdict = NumberVerdict::no_expectation;
  Expected expected;
  std::string why;          ///< when inconclusive or without expectation
  bool impossible = false;  ///< above what the slowest hop can carry: an error, never a pass
};

/// What a goodput between two nodes on a rail should be.
Expected expect_pair(const Facts& facts, const Racks& racks, const Outcome& outcome);

/// What a collective's bus bandwidth over these nodes on a rail should be.
Expected expect_group(const Facts& facts, const Racks& racks, const Outcome& outcome,
                      const std::vector<std::string>& nodes);

/// ok: the interval's low end reaches t x expected; degraded: its high end stays below; else
/// inconclusive. An interval above what the slowest hop can carry is inconclusive and impossible.
JudgedNumber judge_number(const Measured& measured, Expected expected);

}  // namespace plumbline::netcheck
