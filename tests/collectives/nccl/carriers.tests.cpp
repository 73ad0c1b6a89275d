// Which network and which NVLinks carried a collective, by counters beside what NCCL says.
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "collectives/nccl/carriers.hpp"
#include "collectives/nccl/witness.hpp"
#include "core/model/gpu.hpp"
#include "tests/probes/tree.hpp"

using namespace plumbline;
using namespace plumbline::collectives;
using Catch::Approx;

namespace {

constexpr double kGigabyte = 1e9;

ClaimedWay over(const std::string& network, double least = kGigabyte) {
  ClaimedWay way;
  way.network = network;
  way.network_least = least;
  way.derivation = "40 runs over 2 nodes";
  return way;
}

std::vector<Carrier> carried(double interface, double rdma, double nvlink = -1,
                             bool through_kernel = false) {
  std::vector<Carrier> all{{CarrierKind::interface_, "eth0", interface, interface, false},
                           {CarrierKind::rdma, "mlx5_0/1", rdma, rdma, through_kernel}};
  if (nvlink >= 0) all.push_back({CarrierKind::nvlink, "NVLinks of GPU-1", nvlink, nvlink, false});
  return all;
}

/// Instruments whose GPU sent so many bytes over NVLink; below zero: it tells nothing.
class ToldInstruments final : public probes::GpuInstruments {
 public:
  explicit ToldInstruments(std::int64_t sent) : sent_(sent) {}
  std::string library() const override { return "told"; }
  Result<GpuNode> look(Deadline /*deadline*/) override { return GpuNode{}; }
  Result<std::vector<GpuProcess>> processes(const std::string& /*uuid*/,
                                            Deadline /*deadline*/) override {
    return std::vector<GpuProcess>{};
  }
  Result<probes::GpuCounters> counters(const std::string& uuid, Deadline /*deadline*/) override {
    if (uuid != "GPU-1") return fail(ErrorCode::not_found, "no such GPU");
    probes::GpuCounters counters;
    if (sent_ < 0) return counters;
    counters.nvlink_sent = Bytes{static_cast<std::uint64_t>(sent_)};
    counters.nvlink_received = Bytes{7};
    return counters;
  }

 private:
  std::int64_t sent_;
};

/// An interface, and a port of an InfiniBand device that counts words of four bytes.
void add_carriers(const probes::Tree& tree) {
  tree.file("proc/net/dev",
            "Inter-|   Receive                                                |  Transmit\n"
            " face |bytes    packets errs drop fifo frame compressed multicast|bytes\n"
            "  eth0: 500 1 0 0 0 0 0 0 900 1 0 0 0 0 0 0\n");
  const std::string port = "sys/class/infiniband/mlx5_0/ports/1";
  tree.file(port + "/state", "4: ACTIVE");
  tree.file(port + "/counters/port_xmit_data", "1000");
  tree.file(port + "/counters/port_rcv_data", "2000");
}

}  // namespace

TEST_CASE(
    "Interfaces, RDMA ports and NVLinks are read in bytes, and what is not told is left out") {
  const probes::Tree tree;
  add_carriers(tree);
  const FileTree root(tree.root());
  const SystemClock clock;
  const Deadline deadline = Deadline::after(std::chrono::seconds(5));
  ToldInstruments told(4096);
  const auto all = read_carriers(root, &told, "GPU-1", clock, deadline).carriers;
  REQUIRE(all.size() == 3);
  CHECK(all[0].name == "eth0");
  CHECK(all[0].sent == 900);
  CHECK(all[0].received == 500);
  CHECK(all[1].name == "mlx5_0/1");
  CHECK(all[1].sent == 4000);
  CHECK(all[1].received == 8000);
  CHECK(all[2].name == "NVLinks of GPU-1");
  CHECK(all[2].sent == 4096);
  ToldInstruments mute(-1);
  CHECK(read_carriers(root, &mute, "GPU-1", clock, deadline).carriers.size() == 2);
  CHECK(read_carriers(root, &told, "GPU-9", clock, deadline).carriers.size() == 2);
  CHECK(read_carriers(root, nullptr, "", clock, deadline).carriers.size() == 2);
  const probes::Tree empty;
  CHECK(read_carriers(FileTree(empty.root()), nullptr, "", clock, deadline).carriers.empty());
}

TEST_CASE("The first rank of a node tells of its network, every rank of its own steps") {
  const probes::Tree tree;
  add_carriers(tree);
  const SystemClock clock;
  Operation operation;
  const Moved moved{operation, 4, true, 10, 1e9};
  Proof library;
  library.statement = "NCCL 2.28.9; transport NET/IB/0, network IB";
  for (const int rank : {0, 1, 2}) {
    Request request;
    request.rank = rank;
    request.size = 4;
    request.ends = {{"node-1", "gpu0", ""},
                    {"node-1", "gpu1", ""},
                    {"node-2", "gpu0", ""},
                    {"node-2", "gpu1", ""}};
    const StepMemory steps("/no/such/library.so", "");
    NcclWitness witness(request, steps, FileTree(tree.root()), clock);
    witness.idle();
    witness.before();
    witness.after();
    const auto proofs = witness.proofs(moved, library);
    REQUIRE(proofs.size() == (rank == 1 ? 1U : 2U));
    CHECK(proofs[0].kind == "profiler");
    CHECK_FALSE(proofs[0].holds);
    CHECK_FALSE(witness.patience());
    if (rank == 1) continue;
    CHECK(proofs[1].at.node == request.ends[static_cast<std::size_t>(rank)].node);
    CHECK_FALSE(proofs[1].holds);  // nothing moved, and a third of 1e9 had to for each of two ranks
    CHECK(*proofs[1].expected == Approx(2e9 / 3));
  }
}

TEST_CASE("A network that NCCL claims and that carried the bytes is proven") {
  const auto proofs =
      prove_carriers(carried(2e6, 1.1 * kGigabyte), over("IB"), {"node-1", "gpu0", ""});
  REQUIRE(proofs.size() == 1);
  CHECK(proofs[0].holds);
  CHECK(proofs[0].at.node == "node-1");
  CHECK(proofs[0].statement.find("mlx5_0/1 sent 1100.0 MB and received 1100.0 MB, eth0 sent 2.0") ==
        0);
  CHECK(
      proofs[0].statement.find("at least 1000.0 MB had to leave the node (40 runs over 2 nodes)") !=
      std::string::npos);
  CHECK(prove_carriers(carried(1.1 * kGigabyte, 0), over("Socket"), {})[0].holds);
}

TEST_CASE("A claimed network that did not carry the bytes contradicts, with its numbers") {
  for (const auto& moved : {carried(1.1 * kGigabyte, 0),       // sockets, silently
                            carried(1e6, 0.2 * kGigabyte)}) {  // too little
    const Proof proof = prove_carriers(moved, over("IB"), {})[0];
    CHECK_FALSE(proof.holds);
    CHECK(proof.before);
    CHECK(proof.after);
    CHECK(*proof.expected == Approx(kGigabyte));
  }
  CHECK_FALSE(prove_carriers(carried(0, 1.1 * kGigabyte), over("Socket"), {})[0].holds);
}

TEST_CASE("Without a derived least, little other talk is no contradiction and much is") {
  CHECK(prove_carriers(carried(0.2e6, 0), over("IB", 0), {})[0].holds);
  CHECK_FALSE(prove_carriers(carried(kGigabyte, 0), over("IB", 0), {})[0].holds);
  // A software device's packets pass the interface too.
  CHECK(
      prove_carriers(carried(1.2 * kGigabyte, 1.1 * kGigabyte, -1, true), over("IB"), {})[0].holds);
}

TEST_CASE("A network plugin whose bytes no driver counts proves nothing, and accuses nobody") {
  const Proof proof = prove_carriers(carried(1e5, 0), over("SpectrumX"), {})[0];
  CHECK_FALSE(proof.holds);
  CHECK_FALSE(proof.after);
  CHECK(proof.statement.find("no counter of that network is known") != std::string::npos);
}

TEST_CASE("NVLinks are held against half of a ring's load, where GPUs reach each other") {
  ClaimedWay way = over("", 0);
  way.peer_to_peer = true;
  way.nvlink_load = kGigabyte;
  CHECK(prove_carriers(carried(0, 0, kGigabyte), way, {})[1].holds);
  CHECK(prove_carriers(carried(0, 0, 0.55 * kGigabyte), way, {})[1].holds);
  const Proof idle = prove_carriers(carried(0, 0, 0), way, {})[1];
  CHECK_FALSE(idle.holds);
  CHECK(idle.after);
  way.peer_to_peer = false;
  CHECK(prove_carriers(carried(0, 0, 0), way, {})[1].holds);
}

TEST_CASE("What moved is what grew above the idle rate, of carriers that are there all the time") {
  CarrierReading idle{Moment{}, {{CarrierKind::interface_, "eth0", 0, 0, false}}};
  CarrierReading before{Moment{} + std::chrono::seconds(1),
                        {{CarrierKind::interface_, "eth0", 100, 10, false}}};
  CarrierReading after{Moment{} + std::chrono::seconds(3),
                       {{CarrierKind::interface_, "eth0", 1300, 10, false},
                        {CarrierKind::interface_, "new0", 5000, 0, false}}};
  const auto moved = moved_by(idle, before, after);
  REQUIRE(moved.size() == 1);
  CHECK(moved[0].sent == Approx(1000));
  CHECK(moved[0].received == Approx(0));
}

TEST_CASE("NCCL's words tell network, reach and GPU; other words tell nothing") {
  const std::string words =
      "NCCL 2.28.9, 4 ranks, [0000:07:00] NVIDIA H100, ncclMemAlloc; transport NET/IB/0/GDRDMA and "
      "P2P/CUMEM, network IB, 24 coll channels";
  CHECK(claimed_way(words).network == "IB");
  CHECK(claimed_way(words).peer_to_peer);
  CHECK(pci_in(words) == "0000:07:00");
  CHECK(claimed_way("transport not told").network.empty());
  CHECK_FALSE(claimed_way("").peer_to_peer);
  CHECK(pci_in("NCCL, [").empty());
}

TEST_CASE("What must leave a node follows the hierarchical model, and only where it is known") {
  Operation operation;
  operation.kind = OperationKind::all_reduce;
  const Moved moved{operation, 16, true, 10, 1e9};
  // 1e9 x (2 - 1) / (16 - 1) for each of the eight ranks here.
  CHECK(network_least(moved, 2, 16, 8, "Algo RING") == Approx(1e9 * 8 / 15));
  CHECK(network_least(moved, 1, 16, 16, "") == 0);
  CHECK(network_least(moved, 2, 16, 8, "Algo COLLNET_DIRECT") == 0);
  Operation rooted = operation;
  rooted.kind = OperationKind::gather;
  CHECK(network_least({rooted, 16, true, 10, 1e9}, 2, 16, 8, "") == 0);
  CHECK(network_least({operation, 8, false, 10, 1e9}, 2, 16, 8, "") == 0);
}
