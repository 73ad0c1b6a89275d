// plumbline-mpi-daemon: how mpirun's daemons come into pods. Without words: the child of a pod's
// agent that runs orted there, a request line in, event lines out. With words, SOCKET HOST
// COMMAND...: what mpirun calls instead of ssh; it hands them to the stage, which asks the agent.
// No shell, no MPI.

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "core/protocol/child_channel.hpp"
#include "core/protocol/mpi_daemon.hpp"

namespace plumbline::collectives {
namespace {

constexpr int kUsage = 64;
constexpr int kInternal = 70;
constexpr auto kFirstLine = std::chrono::seconds(10);
constexpr auto kLook = std::chrono::milliseconds(500);

int complain(const std::string& text) {
  std::fprintf(stderr, "plumbline-mpi-daemon: %s\n", text.c_str());
  return kInternal;
}

/// The ranks that orted starts lie beside this program.
void find_beside_us(ChildCommand& command) {
  const auto folder = program_directory();
  for (std::string& variable : command.environment) {
    if (folder && variable.starts_with("PATH=")) variable.insert(5, folder->string() + ":");
  }
}

/// Runs orted to its end, under the request's limit.
int run_daemon() {
  ChildChannel channel(STDIN_FILENO, STDOUT_FILENO);
  const auto request = channel.receive_request(Deadline::after(kFirstLine));
  if (!request) return complain(request.error().message);
  auto command = daemon_command(*request);
  if (!command) return complain(command.error().message);
  command->errors_are_ours = true;
  find_beside_us(*command);
  auto child = ChildProcess::start(*command);
  if (!child) return complain(child.error().message);
  child->close_input();
  Heartbeat heartbeat(channel);
  heartbeat.step("Open MPI's daemon", 0);
  const Deadline limit = Deadline::after(span_of(request->limit));
  while (!limit.passed()) {
    const auto line = child->read_line(limit.earlier(Deadline::after(kLook)));
    if (line && *line) continue;  // what it says is nobody's
    if (!line && line.error().code == ErrorCode::deadline_exceeded) continue;
    const auto exit = child->wait(limit);
    if (!exit) break;
    if (!exit->status || *exit->status != 0) return complain("orted " + exit->text());
    return channel.send(DoneEvent{}) ? 0 : kInternal;
  }
  return complain("orted was not done in time");
}

bool write_all(int socket, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

/// Everything until the stage closes.
std::string read_all(int socket) {
  std::string text;
  std::array<char, 4096> piece{};
  while (true) {
    const ssize_t got = ::recv(socket, piece.data(), piece.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
}

/// Each word ends with a zero byte, which none can contain; the answer is empty when all went well.
int ask_stage(int count, char** words) {
  sockaddr_un place{};
  place.sun_family = AF_UNIX;
  const std::string_view name(words[1]);
  if (name.size() >= sizeof place.sun_path) return complain("the socket's name is too long");
  name.copy(place.sun_path, sizeof place.sun_path - 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto* const address = reinterpret_cast<const sockaddr*>(&place);
  if (socket < 0 || ::connect(socket, address, sizeof place) != 0)
    return complain(std::string(words[1]) + ": " + std::strerror(errno));
  std::string text;
  for (int word = 2; word < count; ++word)
    text.append(words[word]).push_back('\0');
  text.push_back('\0');  // an empty word is the end
  if (!write_all(socket, text)) return complain("the stage does not listen");
  const std::string answer = read_all(socket);
  ::close(socket);
  return answer == "ok" ? 0 : complain(answer.empty() ? "the stage is gone" : answer);
}

}  // namespace
}  // namespace plumbline::collectives

int main(int count, char** words) {
  if (count == 1) return plumbline::collectives::run_daemon();
  if (count > 3) return plumbline::collectives::ask_stage(count, words);
  std::fprintf(stderr,
               "plumbline-mpi-daemon is started by an agent, or by mpirun as SOCKET HOST "
               "COMMAND...\n");
  return plumbline::collectives::kUsage;
}
