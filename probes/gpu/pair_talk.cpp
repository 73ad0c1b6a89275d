#include "probes/gpu/pair_talk.hpp"

#include <chrono>
#include <sstream>

namespace plumbline::probes {

namespace {

constexpr std::chrono::seconds kCompany{10};  ///< how long one end waits for the other

}  // namespace

Result<std::string> PairTalk::exchange(const Result<std::string>& mine) {
  const std::string said = mine ? "ok " + *mine
                                : "error " + std::to_string(static_cast<int>(mine.error().code)) +
                                      " " + mine.error().message;
  const auto deadline = Deadline::after(kCompany).earlier(task_.deadline);
  const auto all = task_.rendezvous->allgather(said, deadline);
  if (!mine) return tl::unexpected(mine.error());
  if (!all) return pass_up(all.error(), "meeting the other end");
  const std::string& other = (*all)[static_cast<std::size_t>(1 - rank())];
  if (other.rfind("ok ", 0) == 0) return other.substr(3);
  return tl::unexpected(error_in(other));
}

Error PairTalk::error_in(const std::string& said) const {
  std::istringstream words(said);
  std::string kind;
  int code = -1;
  words >> kind >> code;
  std::string message;
  std::getline(words, message);
  const bool known = kind == "error" && code >= 0 && code <= static_cast<int>(ErrorCode::internal);
  const auto& other = task_.request.ends[static_cast<std::size_t>(1 - rank())];
  return {known ? static_cast<ErrorCode>(code) : ErrorCode::invalid_input,
          other.node + "/" + other.device + ":" + (known ? message : " said nothing known")};
}

}  // namespace plumbline::probes
