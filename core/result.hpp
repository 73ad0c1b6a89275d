#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace plumbline {

/// What kind of failure it is, for callers that act on it; the text is for people.
enum class ErrorCode {
  invalid_input,      ///< what a user, file or peer said is not acceptable
  not_found,          ///< the thing does not exist
  permission_denied,  ///< it exists and this process may not use it
  unavailable,        ///< it cannot be reached or is not built in
  deadline_exceeded,  ///< the time allowed is spent
  cancelled,          ///< somebody asked to stop
  no_carrier,         ///< the network device is there and has no link
  conflict,           ///< it is held by somebody else or has changed
  data_corrupt,       ///< bytes arrived that are not the bytes sent
  internal            ///< none of these
};

/// The stable lower-case word of a code, as it stands in the JSON.
const char* to_string(ErrorCode code) noexcept;

/// One failed operation: what happened, with the layers' "while ..." in front of it.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;
};

/// A value, or the reason why there is none. Never both, never neither.
template <typename T>
using Result = tl::expected<T, Error>;

/// Success without a value, or the reason of the failure.
using Status = Result<void>;

/// `return fail(ErrorCode::not_found, "no such device: ens9");`
inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}

/// Passes an error up with what was being done: "reading the stage file: no such file".
inline tl::unexpected<Error> pass_up(Error error, const std::string& doing) {
  error.message = doing + ": " + error.message;
  return tl::unexpected<Error>(std::move(error));
}

/// fail() from an errno value: `doing` and the system's word for it; EACCES, ENOENT, ETIMEDOUT keep
/// their codes.
tl::unexpected<Error> fail_errno(int error_number, const std::string& doing);

}  // namespace plumbline
