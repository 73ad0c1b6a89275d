#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <iostream>

#include "agent/command/command.hpp"
#include "agent/transport_log.hpp"

namespace {

int columns() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 100;
  return std::clamp<int>(size.ws_col, 60, 160);
}

}  // namespace

int main(int count, char** words) {
  try {
    if (std::getenv("GRPC_VERBOSITY") == nullptr) plumbline::agent::quiet_transport();
    const plumbline::agent::Streams streams{std::cout, std::cerr, ::isatty(STDOUT_FILENO) == 1,
                                            ::isatty(STDERR_FILENO) == 1, columns()};
    const int code = plumbline::agent::run_command_line(count, words, streams);
    std::cout.flush();
    if (std::cout.good()) return code;
    std::cerr << "plumbline: stdout could not be written\n";
    return plumbline::agent::kInternalError;
  } catch (const std::exception& error) {
    std::cerr << "plumbline: " << error.what() << "\n";
    return plumbline::agent::kInternalError;
  }
}
