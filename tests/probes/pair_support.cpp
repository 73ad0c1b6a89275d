#include "tests/probes/pair_support.hpp"

namespace plumbline::probes {

namespace {

const Patience kShort{std::chrono::milliseconds(100), std::chrono::milliseconds(400),
                      std::chrono::milliseconds(300), std::chrono::milliseconds(20),
                      std::chrono::milliseconds(800)};

struct Rank {
  CollectingSink sink;
  Status status;
};

void run_rank(Rank& rank, Request request, Rendezvous& rendezvous,
              const std::shared_ptr<FakeFabric>& fabric,
              const std::optional<std::vector<Link>>& links) {
  auto paths = std::make_unique<FakePaths>(fabric);
  const LinkReader reader = [links, driver = FakePaths(fabric)] {
    return Result<std::vector<Link>>(links ? *links : driver.links());
  };
  auto probe = pair_probe({Result<std::unique_ptr<PathDriver>>(std::move(paths)),
                           fail(ErrorCode::unavailable, "no RDMA in this test")},
                          reader, kShort);
  request.rank = rendezvous.rank();
  SystemClock clock;
  const Topology topology;
  const auto limit = std::chrono::nanoseconds(static_cast<std::int64_t>(request.limit.value * 1e9));
  rank.status =
      probe->run({topology, request, &rendezvous, Deadline::after(limit), clock, rank.sink});
}

}  // namespace

Request pair_request(std::vector<std::string> measure) {
  Request request;
  request.probe = "pair";
  request.size = 2;
  request.ends = {{"node-1", "ens1", "rail-a"}, {"node-2", "ens1", "rail-a"}};
  request.sizes = {Bytes{64U << 10U}};
  request.measure = std::move(measure);
  request.seed = 42;
  request.budget.width = 0.05;
  request.budget.time = Seconds{4};
  request.budget.batch = Seconds{0.15};
  request.limit = Seconds{20};
  return request;
}

PairRun run_pair(const Request& request, const FakePath& path, const Twist& other) {
  const auto fabric = fake_fabric(path);
  auto meeting = in_memory_rendezvous(2);
  std::array<Rank, 2> ranks;
  const Moment started = std::chrono::steady_clock::now();
  std::thread second([&] {
    if (!other.absent) run_rank(ranks[1], request, *meeting[1], fabric, other.links);
  });
  run_rank(ranks[0], request, *meeting[0], fabric, std::nullopt);
  second.join();
  return {ranks[0].sink.outcomes, ranks[1].sink.outcomes.size(), ranks[0].status,
          in_seconds(std::chrono::steady_clock::now() - started).value};
}

}  // namespace plumbline::probes
