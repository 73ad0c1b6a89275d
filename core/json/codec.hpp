#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/model/allocation.hpp"
#include "core/model/report.hpp"
#include "core/model/topology.hpp"
#include "core/protocol/request.hpp"
#include "core/result.hpp"

namespace plumbline::json {

/// The one JSON form of the model. encode() writes a single line without a newline; decode_*()
/// reads it back, refuses what is over 64 MiB, nested deeper than 64, of a wrong type, or lacks a
/// needed field (the error names the field), and ignores fields it does not know. Bytes travel as
/// base64.
std::string encode(const Request& request);
std::string encode(const Event& event);
std::string encode(const Outcome& outcome);
std::string encode(const Topology& topology);
std::string encode(const NodeHoldings& holdings);
std::string encode(const AllocationView& view);
/// report.json, indented by two, with "schema": "plumbline.report/v1".
std::string encode(const Report& report);

Result<Request> decode_request(std::string_view text);
Result<Event> decode_event(std::string_view text);
Result<Outcome> decode_outcome(std::string_view text);
Result<Topology> decode_topology(std::string_view text);
Result<NodeHoldings> decode_holdings(std::string_view text);
Result<AllocationView> decode_allocation_view(std::string_view text);
Result<Report> decode_report(std::string_view text);

}  // namespace plumbline::json
