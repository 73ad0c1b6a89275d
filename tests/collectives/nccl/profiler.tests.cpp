// The library that NCCL loads to tell its steps, loaded as NCCL does, and NCCL's calls played to
// it in every version of the interface.
#include <dlfcn.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "collectives/nccl/profiler/tables.hpp"
#include "collectives/nccl/steps.hpp"

using namespace plumbline;
using namespace plumbline::collectives;

namespace {

/// The library, closed with it, and what it exports.
class Loaded {
 public:
  Loaded() : handle_(::dlopen(PROFILER_LIBRARY, RTLD_NOW | RTLD_LOCAL)) {}
  ~Loaded() {
    if (handle_ != nullptr) ::dlclose(handle_);
  }
  Loaded(const Loaded&) = delete;
  Loaded& operator=(const Loaded&) = delete;
  template <typename Table>
  const Table& table(const char* name) const {
    const auto* const found = static_cast<const Table*>(::dlsym(handle_, name));
    REQUIRE(found != nullptr);
    return *found;
  }
  void* symbol(const char* name) const { return ::dlsym(handle_, name); }

 private:
  void* handle_;
};

/// No setting of one test is there in the next.
struct Settings {
  Settings() { clear(); }
  ~Settings() { clear(); }
  Settings(const Settings&) = delete;
  Settings& operator=(const Settings&) = delete;
  static void clear() { ::unsetenv(kStepVariable); }
};

/// One communicator's calls in one version's tables.
template <typename Description, typename Table>
class Player {
 public:
  Player(const Table& table, void* context) : table_(table), context_(context) {}

  void* start(Description description) {
    void* event = &event;  // as garbage as it may be
    CHECK(table_.start(context_, &event, &description) == 0);
    return event;
  }
  void state(void* event, int state, std::size_t bytes = 0) {
    abi::StateArguments arguments{bytes, 0};
    CHECK(table_.record(event, state, &arguments) == 0);
  }
  void stop(void* event) { CHECK(table_.stop(event) == 0); }

  static Description of(int type, void* parent = nullptr) {
    Description description;
    std::memset(&description, 0, sizeof description);
    description.type = static_cast<decltype(description.type)>(type);
    description.parent = parent;
    return description;
  }
  void* operation(int peer, bool sends) {
    Description description = of(abi::kProxyOperation);
    description.operation.peer = peer;
    description.operation.sends = sends ? 1 : 0;
    return start(description);
  }

 private:
  const Table& table_;
  void* context_;
};

const std::string kLibrary = PROFILER_LIBRARY;

/// The memory of a process whose environment holds what it asks for.
struct Memory : StepMemory {
  Memory() : StepMemory(kLibrary, "") {
    for (const auto& [name, value] : settings())
      ::setenv(name.c_str(), value.c_str(), 1);
  }
};

StepCounts zero() { return StepCounts{}; }

}  // namespace

TEST_CASE("Steps of version 5 are counted, timed and told by their state") {
  const Settings settings;
  const Memory memory;
  REQUIRE(memory.problem().empty());
  CHECK(memory.settings().at("NCCL_PROFILER_PLUGIN") == kLibrary);
  CHECK(standing_words(memory.look()).empty());
  const Loaded library;
  const auto& table = library.table<abi::Table5>("ncclProfiler_v5");
  CHECK(std::string(table.name) == "plumbline");
  void* context = nullptr;
  int wanted = 0;
  REQUIRE(table.init(&context, 42, &wanted, "all", 2, 4, 1, nullptr) == 0);
  CHECK(wanted == (1 | 2 | 4 | 8 | 16 | 128));
  Player<abi::Description5, abi::Table5> player(table, context);

  auto collective = player.of(abi::kCollective);
  collective.collective.algorithm = "RING";
  collective.collective.protocol = "SIMPLE";
  CHECK(player.start(collective) == nullptr);
  void* const send = player.operation(3, true);
  void* const receive = player.operation(0, false);
  void* const out = player.start(player.of(abi::kProxyStep, send));
  void* const in = player.start(player.of(abi::kProxyStep, receive));
  player.state(out, abi::kStepSendGpuWait);
  player.state(in, abi::kStepReceiveWait);
  player.state(out, abi::kStepSendPeerWait);
  player.state(out, abi::kStepSendPeerWait);  // NCCL says it each time it looks
  player.state(out, abi::kStepSendWait, 1000);
  player.state(in, abi::kStepFlushWait, 500);
  player.state(in, abi::kStepReceiveGpuWait);
  CHECK(standing_words(memory.look()) == "; steps untaken 1 unsent 1 to 3 waiting 0");
  for (void* const event : {out, in, send, receive})
    player.stop(event);

  const StepCounts counts = memory.look();
  CHECK(counts.communicators == 1);
  CHECK(counts.collectives == 1);
  CHECK(counts.chosen[1][2] == 1);
  CHECK(counts.sends == 1);
  CHECK(counts.receives == 1);
  CHECK(counts.sent == 1000);
  CHECK(counts.received == 500);
  CHECK(standing_words(counts) == "; steps untaken 0 unsent 0 to 3 waiting 0");
  CHECK(counts.waited[static_cast<std::size_t>(StepWait::network)] > 0);
  CHECK(patience_of(counts) > 0);
  CHECK(table.finalize(context) == 0);
}

TEST_CASE("Every version of the interface is there and counts the same steps") {
  const Settings settings;
  const Memory memory;
  const Loaded library;
  void* context = nullptr;
  int wanted = 0;
  StepCounts before = memory.look();
  const auto play = [&](auto description, const auto& table, bool by_operation) {
    using Description = decltype(description);
    Player<Description, std::decay_t<decltype(table)>> player(table, context);
    if constexpr (std::is_same_v<Description, abi::Description1>) {
      description.collective.algorithm = 4;
      description.collective.protocol = 0;
    } else {
      description.collective.algorithm = "NVLS";
      description.collective.protocol = "LL";
    }
    player.start(description);
    player.start(player.of(abi::kPointToPoint));
    void* const operation = player.operation(2, true);
    void* const step = player.start(player.of(abi::kProxyStep, operation));
    if (by_operation) player.state(operation, abi::kOperationSent, 300);
    player.state(step, abi::kStepSendWait, by_operation ? 0 : 700);
    if (by_operation) player.state(operation, abi::kOperationSent, 700);  // of the whole so far
    player.stop(step);
    player.stop(operation);
    CHECK(table.finalize(context) == 0);
    const StepCounts counts = steps_between(before, memory.look());
    before = memory.look();
    CHECK(counts.communicators == 1);
    CHECK(counts.collectives == 1);
    CHECK(counts.exchanges == 1);
    CHECK(counts.chosen[4][0] == 1);
    CHECK(counts.sends == 1);
    CHECK(counts.sent == 700);
    CHECK(counts.receives == 0);
  };
  const auto& first = library.table<abi::Table1>("ncclProfiler_v1");
  REQUIRE(first.init(&context, &wanted) == 0);
  play(Player<abi::Description1, abi::Table1>::of(abi::kCollective), first, true);
  const auto& second = library.table<abi::Table2>("ncclProfiler_v2");
  REQUIRE(second.init(&context, &wanted) == 0);
  play(Player<abi::Description2, abi::Table2>::of(abi::kCollective), second, true);
  const auto& third = library.table<abi::Table3>("ncclProfiler_v3");
  REQUIRE(third.init(&context, &wanted) == 0);
  play(Player<abi::Description3, abi::Table3>::of(abi::kCollective), third, true);
  const auto& fourth = library.table<abi::Table4>("ncclProfiler_v4");
  REQUIRE(fourth.init(&context, &wanted, "all", 1, 2, 4, 1, nullptr) == 0);
  play(Player<abi::Description4, abi::Table4>::of(abi::kCollective), fourth, false);
}

TEST_CASE("Requests of InfiniBand and of sockets are told apart, by device") {
  const Settings settings;
  const Memory memory;
  const Loaded library;
  const auto& table = library.table<abi::Table4>("ncclProfiler_v4");
  void* context = nullptr;
  int wanted = 0;
  REQUIRE(table.init(&context, &wanted, nullptr, 1, 2, 2, 0, nullptr) == 0);
  Player<abi::Description4, abi::Table4> player(table, context);
  const abi::InfinibandEvent request{1, 2, 7, 0, 99, 4096};
  const abi::InfinibandEvent strange{1, 77, 7, 0, 99, 4096};
  const abi::SocketEvent call{1, 5, 0, 65536};
  const auto tell = [&](std::int64_t id, const void* data) {
    auto description = player.of(abi::kNetwork);
    description.network = {id, data};
    void* const event = player.start(description);
    player.stop(event);
  };
  tell(1 << 16 | 1, &request);
  tell(1 << 16 | 1, &strange);  // a device beyond the table counts as a request alone
  tell(2 << 16 | 1, &call);
  tell(9 << 16 | 1, &call);     // another plugin
  tell(1 << 16 | 2, &request);  // another version, whose layout is not known
  tell(2 << 16 | 1, nullptr);
  const StepCounts counts = memory.look();
  CHECK(counts.ib_requests == 2);
  CHECK(counts.nic_bytes[2] == 4096);
  CHECK(counts.socket_calls == 1);
  CHECK(counts.socket_bytes == 65536);
  CHECK(counts.other_network == 3);
  const std::string words = step_words(counts);
  CHECK(words.find("InfiniBand device 2: ") != std::string::npos);
  CHECK(words.find("in 1 calls") != std::string::npos);
  CHECK(table.finalize(context) == 0);
}

TEST_CASE("What is over, strange or too much costs NCCL nothing") {
  const Settings settings;
  const Memory memory;
  const Loaded library;
  const auto& table = library.table<abi::Table5>("ncclProfiler_v5");
  void* context = nullptr;
  int wanted = 0;
  REQUIRE(table.init(&context, 1, &wanted, "", 1, 1, 0, nullptr) == 0);
  Player<abi::Description5, abi::Table5> player(table, context);
  CHECK(table.start(context, nullptr, nullptr) == 0);
  void* event = nullptr;
  CHECK(table.start(context, &event, nullptr) == 0);
  CHECK(event == nullptr);
  CHECK(table.stop(nullptr) == 0);
  CHECK(table.record(nullptr, abi::kStepSendWait, nullptr) == 0);
  CHECK(player.start(player.of(1 << 30)) == nullptr);
  auto unknown = player.of(abi::kCollective);
  unknown.collective.algorithm = "SPIRAL";
  player.start(unknown);
  void* const step = player.start(player.of(abi::kProxyStep, &wanted));  // a parent of elsewhere
  CHECK(table.record(step, 999, nullptr) == 0);
  CHECK(table.record(step, abi::kStepReceiveWait, nullptr) == 0);
  player.stop(step);
  player.stop(step);  // twice
  player.state(step, abi::kStepReceiveWait);
  CHECK(memory.look().receives == 1);
  std::vector<void*> many;
  for (int i = 0; i < 5000; ++i)
    many.push_back(player.start(player.of(abi::kProxyStep)));
  CHECK(many.back() == nullptr);
  CHECK(memory.look().dropped == 5000 - 4096);
  CHECK(table.finalize(context) == 0);  // with events open
  for (void* const one : many)
    player.stop(one);
  CHECK(memory.look().communicators == 1);
}

TEST_CASE("NCCL's threads may all tell at once") {
  const Settings settings;
  const Memory memory;
  const Loaded library;
  const auto& table = library.table<abi::Table5>("ncclProfiler_v5");
  void* context = nullptr;
  int wanted = 0;
  REQUIRE(table.init(&context, 1, &wanted, "", 1, 4, 0, nullptr) == 0);
  std::array<std::thread, 4> threads;
  for (auto& thread : threads) {
    thread = std::thread([&] {
      for (int i = 0; i < 2000; ++i) {
        auto description = Player<abi::Description5, abi::Table5>::of(abi::kProxyStep);
        void* event = nullptr;
        abi::StateArguments arguments{10, 0};
        table.start(context, &event, &description);
        table.record(event, abi::kStepReceiveWait, &arguments);
        table.record(event, abi::kStepFlushWait, &arguments);
        table.stop(event);
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  CHECK(memory.look().receives == 8000);
  CHECK(memory.look().received == 80000);
  CHECK(standing_words(memory.look()) == "; steps untaken 0 unsent 0 to 0 waiting 0");
  CHECK(table.finalize(context) == 0);
}

TEST_CASE("Without memory, or with that of another version, NCCL is asked to leave it out") {
  const Settings settings;
  const Loaded library;
  const auto& table = library.table<abi::Table5>("ncclProfiler_v5");
  void* context = nullptr;
  int wanted = 0;
  CHECK(table.init(&context, 1, &wanted, "", 1, 1, 0, nullptr) != 0);
  for (const char* const path : {"/no/such/file", "/dev/null", "/proc/self/exe", ""}) {
    ::setenv(kStepVariable, path, 1);
    CHECK(table.init(&context, 1, &wanted, "", 1, 1, 0, nullptr) != 0);
  }
  CHECK(context == nullptr);
  CHECK(library.symbol("ncclProfiler_v6") == nullptr);  // a newer NCCL goes on with version 5
}

TEST_CASE("Somebody else's profiler stays, and then nothing is claimed") {
  const StepMemory memory(kLibrary, "inspector");
  CHECK(memory.problem() == "NCCL_PROFILER_PLUGIN is set to inspector");
  CHECK(memory.settings().empty());
  const Proof proof = prove_steps(memory.look(), memory.problem(), {"node-1", "gpu0", ""}, 4);
  CHECK_FALSE(proof.holds);
  CHECK(proof.statement.find("nothing was counted: NCCL_PROFILER_PLUGIN is set") == 0);
  CHECK(StepMemory(kLibrary, kLibrary).problem().empty());
  CHECK(StepMemory("/no/such/library.so", "").problem() == "there is no /no/such/library.so");
}

TEST_CASE("A proof by steps holds when NCCL told any, or one rank needs none") {
  StepCounts counts = zero();
  CHECK_FALSE(prove_steps(counts, "", {}, 2).holds);
  CHECK(prove_steps(counts, "", {}, 1).holds);
  counts.collectives = 24;
  counts.chosen[1][2] = 24;
  counts.sends = 96;
  counts.sent = 1'200'000;
  counts.waited[static_cast<std::size_t>(StepWait::data)] = 1'500'000'000;
  const Proof proof = prove_steps(counts, "", {}, 2);
  CHECK(proof.holds);
  CHECK(proof.kind == "profiler");
  CHECK(proof.statement.find(
            "24 collectives (RING/SIMPLE 24), 0 sends and receives called for; ") == 0);
  CHECK(proof.statement.find("in 96 steps") != std::string::npos);
  CHECK(proof.statement.find("for data 1.5") != std::string::npos);
}
