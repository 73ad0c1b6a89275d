#include <array>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "probes/drivers/fake/fake_rdma.hpp"
#include "probes/drivers/verbs/control_word.hpp"
#include "probes/drivers/verbs/end_words.hpp"
#include "probes/pair/rdma_numbers.hpp"
#include "tests/probes/pair_support.hpp"

using namespace plumbline;
using namespace plumbline::probes;

namespace {

const Patience kShort{std::chrono::milliseconds(100), std::chrono::milliseconds(400),
                      std::chrono::milliseconds(300), std::chrono::milliseconds(20),
                      std::chrono::milliseconds(800)};

Request rdma_request(std::vector<std::string> measure) {
  Request request = pair_request(std::move(measure));
  request.options["transport"] = "verbs";
  return request;
}

/// What the kernel counts of the fake's packets.
std::vector<Link> links_of(FakePorts& ports) {
  const std::lock_guard lock(ports.mutex);
  std::vector<Link> links(2);
  links[0].name = "ens1";
  links[0].sent_bytes = ports.net_sent;
  links[0].received_bytes = ports.net_received;
  links[1].name = "ens2";
  links[1].sent_bytes = ports.net_other;
  return links;
}

/// Both ranks over fakes; rank 0's outcomes.
std::vector<Outcome> run(Request request, const FakeRdma& path,
                         const std::optional<FakeRdma>& far = std::nullopt) {
  auto meeting = in_memory_rendezvous(2);
  std::array<CollectingSink, 2> sinks;
  const auto rank = [&](std::size_t index) {
    Request mine = request;
    mine.rank = static_cast<int>(index);
    const auto ports = std::make_shared<FakePorts>();
    auto driver = fake_rdma(index == 1 && far ? *far : path, ports);
    const auto links = [ports] { return Result<std::vector<Link>>(links_of(*ports)); };
    auto probe = pair_probe({fail(ErrorCode::unavailable, "no sockets in this test"),
                             Result<std::unique_ptr<RdmaDriver>>(std::move(driver))},
                            links, kShort);
    SystemClock clock;
    const Topology topology;
    const auto deadline = Deadline::after(std::chrono::seconds(20));
    CHECK(probe->run({topology, mine, meeting[index].get(), deadline, clock, sinks[index]}));
  };
  std::thread other([&] { rank(1); });
  rank(0);
  other.join();
  return sinks[0].outcomes;
}

const Measured& measured(const Outcome& outcome) {
  if (const Failed* failed = outcome.failed()) FAIL("failed: " << failed->error.message);
  REQUIRE(outcome.measured() != nullptr);
  return *outcome.measured();
}

std::size_t broken_signs(const Measured& number) {
  std::size_t count = 0;
  for (const Proof& proof : number.proof)
    count += proof.holds ? 0 : 1;
  return count;
}

}  // namespace

TEST_CASE("A pair over RDMA gives its rate, proven by the ports' counters at both ends") {
  const auto outcomes = run(rdma_request({"one_way", "reverse", "both_ways", "latency"}), {});
  REQUIRE(outcomes.size() == 4);
  CHECK(outcomes[0].key() ==
        "pair_goodput|node-1/ens1@rail-a|node-2/ens1@rail-a|direction=one_way,size=65536");
  CHECK(measured(outcomes[0]).value == Catch::Approx(25e6));
  CHECK(measured(outcomes[2]).value == Catch::Approx(50e6));
  CHECK(measured(outcomes[3]).value == Catch::Approx(5e-6));
  for (const Outcome& outcome : outcomes) {
    CHECK(measured(outcome).proof.size() >= 4);
    CHECK(broken_signs(measured(outcome)) == 0);
    CHECK(measured(outcome).counters.count("from.link_downed") == 1);
  }
}

TEST_CASE("A transfer that took another port than the claimed one is found out") {
  FakeRdma path;
  path.strays = true;
  const auto outcomes = run(rdma_request({"one_way"}), path);
  // At each end the claimed port's counter stood still and the other's moved, and so did those of
  // the network devices.
  CHECK(broken_signs(measured(outcomes.at(0))) == 8);
}

TEST_CASE("A detour behind a software port shows in the counters of the network devices alone") {
  FakeRdma path;
  path.detours = true;
  const auto outcomes = run(rdma_request({"one_way"}), path);
  const Measured& number = measured(outcomes.at(0));
  CHECK(broken_signs(number) == 4);
  CHECK(number.proof[1].holds);
  CHECK(number.proof[1].statement.find("rxe1/1") != std::string::npos);
  CHECK_FALSE(number.proof[3].holds);
  CHECK(number.proof[3].statement.find("over ens1 under rxe1/1") != std::string::npos);
  CHECK(number.proof[4].statement.find("ens2") != std::string::npos);
}

TEST_CASE("A port without data counters proves nothing and says why") {
  FakeRdma path;
  path.uncounted = true;
  const auto outcomes = run(rdma_request({"one_way"}), path);
  const Measured& number = measured(outcomes.at(0));
  CHECK(broken_signs(number) == 2);
  CHECK(number.proof[1].statement.find("siw counts no data") != std::string::npos);
}

TEST_CASE("A wrong byte, a dead path and an end that cannot be opened fail with their reason") {
  FakeRdma path;
  path.corrupts = true;
  CHECK(run(rdma_request({"one_way"}), path).at(0).failed()->error.code == ErrorCode::data_corrupt);
  path = {};
  path.dead = true;
  CHECK(run(rdma_request({"one_way"}), path).at(0).failed()->error.code == ErrorCode::unavailable);
  FakeRdma far;
  far.unopenable = "/dev/infiniband/uverbs0 is missing";
  const auto outcomes = run(rdma_request({"one_way", "reverse"}), {}, far);
  REQUIRE(outcomes.size() == 2);
  for (const Outcome& outcome : outcomes) {
    CHECK(outcome.failed()->blamed == "node-2");
    CHECK(outcome.failed()->error.message == "node-2/ens1: /dev/infiniband/uverbs0 is missing");
  }
}

TEST_CASE("Every way to do RDMA that is asked for is a number of its own") {
  Request request = rdma_request({"one_way", "latency"});
  request.options["operations"] = "write,read";
  request.options["depths"] = "1,128";
  request.options["queue_pairs"] = "1,4";
  const auto outcomes = run(request, {});
  // Eight streams; a latency has neither depth nor queue pairs.
  REQUIRE(outcomes.size() == 10);
  CHECK(outcomes[0].parameters.at("depth") == "1");
  CHECK(outcomes[1].parameters.at("depth") == "4");
  CHECK(outcomes[9].parameters.at("operation") == "read");
  CHECK(outcomes[9].parameters.count("depth") == 0);
}

TEST_CASE("Options that make no sense are refused with their name") {
  const std::vector<Number> plain{{Shape::one_way, Bytes{8}, 0, false, {}}};
  for (const auto& [option, value] : {std::pair{"operations", "write,push"},
                                      {"depths", "0"},
                                      {"depths", "4097"},
                                      {"queue_pairs", "65"},
                                      {"numa", "-1"},
                                      {"gid_index", "x"}}) {
    Request request = rdma_request({"one_way"});
    request.options[option] = value;
    const auto numbers = rdma_numbers(request, plain);
    REQUIRE_FALSE(numbers);
    CHECK(numbers.error().message.find(option) == 0);
  }
  Request request = rdma_request({"one_way"});
  request.options["transport"] = "pigeon";
  CHECK_FALSE(transport_of(request));
}

TEST_CASE("A word between rounds is read back; another length or kind is refused") {
  const std::string bytes = pack(ControlWord{ControlWord::Kind::done, 128});
  const auto word = unpack_control(bytes);
  REQUIRE(word);
  CHECK(word->kind == ControlWord::Kind::done);
  CHECK(word->value == 128);
  CHECK_FALSE(unpack_control(bytes.substr(1)));
  CHECK_FALSE(unpack_control(bytes + "x"));
  CHECK(unpack_control(std::string(kControlBytes, '\0')).error().message.find("unknown kind") !=
        std::string::npos);
  CHECK_FALSE(unpack_control(std::string(kControlBytes, '\xff')));
}

TEST_CASE("A second opinion is a library's number, and without the library a reason to skip") {
  Request request = rdma_request({"one_way", "reverse"});
  request.options["transport"] = "ucx";
  const auto fabric = fake_fabric({});
  const auto made = [&](bool library) {
    PairDrivers drivers{
        fail(ErrorCode::unavailable, "no sockets in this test"),
        Result<std::unique_ptr<RdmaDriver>>(fake_rdma({}, std::make_shared<FakePorts>()))};
    if (library) drivers.rdma_paths = std::make_unique<FakePaths>(fabric);
    return pair_probe(
        std::move(drivers), [] { return Result<std::vector<Link>>(std::vector<Link>{}); }, kShort);
  };
  const auto planned = made(true)->planned(request);
  REQUIRE(planned.size() == 2);
  CHECK(planned[1].key().find("direction=one_way,library=ucx,size=") != std::string::npos);
  SystemClock clock;
  CollectingSink sink;
  const Topology topology;
  const Task task{topology, request, nullptr, Deadline::never(), clock, sink};
  CHECK_FALSE(made(true)->inapplicable(task));
  CHECK(made(false)->inapplicable(task) == "there is no library over RDMA");
}

TEST_CASE("Numbers from a GPU's memory say whose, and have no latency") {
  Request request = rdma_request({"one_way", "latency"});
  request.options["gpu"] = "nearest";
  request.options["drivers"] = "fake:FILE";
  const auto numbers = rdma_numbers(request, {{Shape::one_way, Bytes{4096}, 0, false, {}},
                                              {Shape::latency, Bytes{8}, 1, false, {}}});
  REQUIRE(numbers);
  REQUIRE(numbers->size() == 1);
  CHECK(numbers->front().rdma.gpu == kNearestGpu);
  CHECK(numbers->front().rdma.gpu_drivers == "fake:FILE");
  CHECK(rdma_parameters(request, numbers->front()).at("memory") == "gpu nearest");
}

TEST_CASE("What an end says of its queue pairs is read back, and nonsense is refused") {
  EndWords words;
  words.gid[15] = 1;
  words.mtu = 4096;
  words.size = 65536;
  words.control = {17, 1};
  words.lanes = {{18, 5}, {19, 6}};
  words.address = 4096;
  words.length = 1U << 20U;
  words.key = 7;
  const std::string bytes = pack(words);
  const auto read = unpack_end(bytes);
  REQUIRE(read);
  CHECK(read->lanes.at(1).queue_pair == 19);
  CHECK(pack(*read) == bytes);
  CHECK_FALSE(unpack_end(""));
  CHECK_FALSE(unpack_end(bytes.substr(1)));
  CHECK_FALSE(unpack_end(bytes + "x"));
  for (std::size_t length = 0; length < bytes.size(); ++length)
    CHECK_FALSE(unpack_end(bytes.substr(0, length)));
  words.mtu = 7;
  CHECK(unpack_end(pack(words)).error().message.find("MTU of 7") != std::string::npos);
  words.mtu = 4096;
  words.address = ~0ULL;
  CHECK(unpack_end(pack(words)).error().message.find("impossible memory") != std::string::npos);
}
