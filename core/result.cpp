#include "core/result.hpp"

#include <cerrno>
#include <system_error>

namespace plumbline {

const char* to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::invalid_input:
      return "invalid_input";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::permission_denied:
      return "permission_denied";
    case ErrorCode::unavailable:
      return "unavailable";
    case ErrorCode::deadline_exceeded:
      return "deadline_exceeded";
    case ErrorCode::cancelled:
      return "cancelled";
    case ErrorCode::no_carrier:
      return "no_carrier";
    case ErrorCode::conflict:
      return "conflict";
    case ErrorCode::data_corrupt:
      return "data_corrupt";
    case ErrorCode::internal:
      return "internal";
  }
  return "internal";
}

tl::unexpected<Error> fail_errno(int error_number, const std::string& doing) {
  ErrorCode code = ErrorCode::unavailable;
  if (error_number == ENOENT) code = ErrorCode::not_found;
  if (error_number == EACCES || error_number == EPERM) code = ErrorCode::permission_denied;
  if (error_number == ETIMEDOUT) code = ErrorCode::deadline_exceeded;
  return fail(code, doing + ": " + std::generic_category().message(error_number));
}

}  // namespace plumbline
