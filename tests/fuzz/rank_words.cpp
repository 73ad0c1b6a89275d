#include "collectives/nccl/log_lines.hpp"
#include "collectives/pulse.hpp"
#include "collectives/rank_report.hpp"
#include "tests/fuzz/survives.hpp"

/// What one rank tells the others after a batch, what NCCL logs, and a fault that somebody typed.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plumbline::collectives;
  const std::string bytes(as_text(data, size));
  const auto pack = [](const RankReport& report) { return encode(report); };
  survives(bytes, decode_rank_report, pack);
  static_cast<void>(sentence(read_nccl_log(bytes), "AllReduce"));
  static_cast<void>(parse_fault(bytes));
  return 0;
}
