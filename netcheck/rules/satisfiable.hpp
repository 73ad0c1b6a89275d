#pragma once

#include <map>
#include <string>

#include "netcheck/rules/claim_devices.hpp"

namespace plumbline::netcheck {

/// Whether published devices can meet one constraint of a claim.
struct Satisfiable {
  enum class Answer { possible, impossible, unknown };
  Answer answer = Answer::unknown;
  std::string why;  ///< impossible: what is missing; possible: where; unknown: what was not read
};

/// Answers for claims of the same shape once. Devices that others hold count as there: the answer
/// is about the hardware and what drivers publish of it, not about who was first.
class Satisfiability {
 public:
  explicit Satisfiability(const Offers& offers) : offers_(&offers) {}
  const Satisfiable& of(const DeviceClaim& claim, const DeviceConstraint& constraint);

 private:
  const Offers* offers_;
  std::map<std::string, Satisfiable> known_;
};

}  // namespace plumbline::netcheck
