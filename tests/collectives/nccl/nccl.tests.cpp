// The NCCL communicator over stub libraries: what is bound, what is refused, and every operation's
// arguments, by its exact result.
#include <catch2/catch_test_macros.hpp>
#include <mutex>
#include <thread>

#include "collectives/measure.hpp"
#include "collectives/nccl/communicator.hpp"
#include "collectives/nccl/device.hpp"
#include "collectives/nccl/functions.hpp"
#include "collectives/nccl/log_lines.hpp"
#include "core/rendezvous.hpp"

using namespace plumbline;
using namespace plumbline::collectives;

namespace {

NcclSettings stubs() {
  NcclSettings settings;
  settings.library = STUB_NCCL;
  settings.driver = STUB_CUDA;
  return settings;
}

/// Measures one job on `ranks` threads; what any of them found wrong, and rank 0's proof.
std::string wrong_of(int ranks, const MeasureJob& job, NcclSettings settings,
                     std::string* proof = nullptr) {
  auto meetings = in_memory_rendezvous(ranks);
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::string wrong;
  for (auto& meeting : meetings) {
    threads.emplace_back([&, end = meeting.get()] {
      Pulse pulse;
      SystemClock clock;
      const Deadline deadline = Deadline::after(std::chrono::seconds(60));
      NcclSettings mine = settings;
      mine.device = end->rank();
      auto communicator = open_nccl(*end, pulse, mine, deadline);
      std::string error = communicator ? "" : communicator.error().message;
      if (communicator) {
        const auto result = measure(
            **communicator, job, clock, [](const std::string&, double) {}, deadline);
        if (!result) error = result.error().error.message;
      }
      const std::lock_guard lock(mutex);
      if (!error.empty()) wrong += std::to_string(end->rank()) + ": " + error + "; ";
      if (communicator && end->rank() == 0 && proof != nullptr)
        *proof = (*communicator)->library().statement;
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  return wrong;
}

MeasureJob job_of(OperationKind kind, ElementType type, int ranks) {
  MeasureJob job;
  job.operation.kind = kind;
  job.operation.type = type;
  job.operation.bytes = {static_cast<std::uint64_t>(ranks) * 64};
  job.operation.root = ranks - 1;
  job.fixed = FixedCounts{1, 2};
  return job;
}

const std::vector<OperationKind> kKinds{OperationKind::all_reduce,     OperationKind::all_gather,
                                        OperationKind::reduce_scatter, OperationKind::all_to_all,
                                        OperationKind::gather,         OperationKind::scatter,
                                        OperationKind::broadcast,      OperationKind::send_receive,
                                        OperationKind::hypercube,      OperationKind::reduce};

}  // namespace

TEST_CASE("Every operation over NCCL gives the exact result, in and out of place") {
  for (const OperationKind kind : kKinds) {
    for (const bool in_place : {false, true}) {
      const bool exchange =
          kind == OperationKind::all_to_all || kind == OperationKind::send_receive;
      if (in_place && exchange) continue;
      for (const ElementType type : {ElementType::float32, ElementType::uint8}) {
        MeasureJob job = job_of(kind, type, 4);
        job.operation.in_place = in_place;
        INFO(to_string(kind) << " " << to_string(type) << (in_place ? " in place" : ""));
        CHECK(wrong_of(4, job, stubs()) == "");
      }
    }
  }
}

TEST_CASE("Every reduction over NCCL is exact, an average of three within its rounding") {
  for (const Reduction reduction : {Reduction::sum, Reduction::product, Reduction::min,
                                    Reduction::max, Reduction::average, Reduction::scaled_sum}) {
    for (const int ranks : {1, 3, 4}) {
      MeasureJob job = job_of(OperationKind::all_reduce, ElementType::float64, ranks);
      job.operation.reduction = reduction;
      INFO(to_string(reduction) << " over " << ranks);
      CHECK(wrong_of(ranks, job, stubs()) == "");
    }
  }
}

TEST_CASE("Groups, graphs, barriers and registered buffers give the same result") {
  MeasureJob job = job_of(OperationKind::all_gather, ElementType::int32, 4);
  NcclSettings settings = stubs();
  std::string proof;
  SECTION("two groups at once") { job.colours = {0, 1, 0, 1}; }
  SECTION("one graph a batch") { settings.graphs = true; }
  SECTION("a barrier inside") { job.blocking = Blocking::with_barrier; }
  SECTION("a barrier outside") { job.blocking = Blocking::before_barrier; }
  SECTION("registered locally") { settings.registered = 1; }
  SECTION("registered symmetrically, which this version cannot") { settings.registered = 2; }
  if (job.colours.size() == 4) job.operation.root = 0;
  CHECK(wrong_of(4, job, settings, &proof) == "");
  CHECK(proof.find("NCCL 2.22.3, 4 ranks, [0000:07:00] Stub GPU, ncclMemAlloc") == 0);
  if (settings.registered == 1) CHECK(proof.find("registered locally") != std::string::npos);
  if (settings.registered == 2) CHECK(proof.find("this NCCL cannot") != std::string::npos);
  if (settings.graphs) CHECK(proof.find("one CUDA graph a batch") != std::string::npos);
}

TEST_CASE("NCCL 2.18 has no memory of its own, and serves all the same") {
  NcclSettings settings = stubs();
  settings.library = STUB_NCCL_218;
  std::string proof;
  const auto job = job_of(OperationKind::all_reduce, ElementType::float32, 2);
  CHECK(wrong_of(2, job, settings, &proof) == "");
  CHECK(proof.find("NCCL 2.18.5, 2 ranks") == 0);
  CHECK(proof.find("cuMemAlloc") != std::string::npos);
}

TEST_CASE("What is not there or too old is a reason to skip") {
  CHECK(Device::open("/no/such/libcuda.so", 0).error().message == "no NVIDIA driver");
  CHECK(Device::open("/no/such/libcuda.so", 0).error().code == ErrorCode::unavailable);
  CHECK(Device::open(STUB_CUDA, 8).error().message == "there is no GPU 8, only 8");
  CHECK(load_nccl("/no/such/libnccl.so").error().message.find("no NCCL: ") == 0);
  CHECK(load_nccl(STUB_NCCL_OLD).error().message == "NCCL 2.17.1 is older than 2.18");
  CHECK(load_nccl(STUB_NCCL_BARE).error().message.find("has no ncclGetUniqueId") !=
        std::string::npos);
  CHECK(load_nccl(STUB_CUDA).error().message.find("does not tell its version") !=
        std::string::npos);
  CHECK(nccl_version_text(2804) == "2.8.4");
}

TEST_CASE("A real NCCL that is installed is bound, with everything that its version has") {
  const auto nccl = load_nccl("");
  if (!nccl) SKIP(nccl.error().message);
  CHECK(nccl->version >= 21800);
  CHECK(nccl->call.all_reduce != nullptr);
  CHECK((nccl->version < 22800 || nccl->call.all_to_all != nullptr));
  CHECK((nccl->version < 21900 || nccl->call.mem_alloc != nullptr));
}

TEST_CASE("NCCL's log tells transports, network, channels and choices") {
  const NcclLog log = read_nccl_log(
      "node:1:1 [0] NCCL INFO Using network Socket\n"
      "node:1:1 [0] NCCL INFO Channel 00/0 : 0[0] -> 1[1] via P2P/CUMEM\n"
      "node:1:1 [0] NCCL INFO Channel 01/0 : 1[1] -> 2[0] [send] via NET/Socket/0\n"
      "node:1:1 [0] NCCL INFO 24 coll channels, 24 collnet channels, 0 nvls channels, 32 p2p "
      "channels, 2 p2p channels per peer\n"
      "node:1:1 [0] NCCL INFO AllReduce: 1048576 Bytes -> Algo RING proto SIMPLE "
      "channel{Lo..Hi}={0..23}\n"
      "node:1:1 [0] NCCL INFO AllReduce: 8 Bytes -> Algo 1 proto 0 time 9.3\n"
      "node:1:1 [0] misc/socket.cc:58 NCCL WARN Call to connect timed out\n"
      "some chatter: 3 Bytes -> nothing\nChannel\n");
  CHECK(log.network == "Socket");
  CHECK(log.transports == std::set<std::string>{"NET/Socket/0", "P2P/CUMEM"});
  CHECK(log.channels.find("24 coll channels") == 0);
  CHECK(log.choices.at("AllReduce 1048576").find("Algo RING proto SIMPLE") == 0);
  CHECK(log.warnings == std::vector<std::string>{"Call to connect timed out"});
  const std::string words = sentence(log, "AllReduce");
  CHECK(words.find("transport NET/Socket/0 and P2P/CUMEM, network Socket") == 0);
  CHECK(words.find("AllReduce 8 B: Algo 1 proto 0") != std::string::npos);
}

TEST_CASE("A log without end keeps its first kinds, and one without sense tells nothing") {
  std::string text;
  for (int line = 0; line < 5000; ++line)
    text += "NCCL INFO Op" + std::to_string(line) + ": 8 Bytes -> Algo " + std::to_string(line) +
            "\nNCCL INFO Channel 0 via X" + std::to_string(line) + "\nNCCL WARN w\n";
  const NcclLog log = read_nccl_log(text);
  CHECK(log.choices.size() == 256);
  CHECK(log.transports.size() == 32);
  CHECK(log.warnings.size() == 4);
  CHECK(sentence(read_nccl_log(std::string(3000, '\n')), "") == "transport not told");
}
