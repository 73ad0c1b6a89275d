#include "netcheck/expectations/peers.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <random>

using namespace plumbline::netcheck;

namespace {

std::vector<PeerValue> healthy(std::mt19937& source, std::size_t count, double spread,
                               const std::string& kind = "pairs") {
  std::normal_distribution<double> values(400e9, spread * 400e9);
  std::vector<PeerValue> peers;
  for (std::size_t index = 0; index < count; ++index)
    peers.push_back({kind, values(source)});
  return peers;
}

std::size_t low(const std::vector<PeerValue>& values) {
  const auto standings = among_peers(values);
  return static_cast<std::size_t>(
      std::count_if(standings.begin(), standings.end(),
                    [](const auto& standing) { return standing && standing->low; }));
}

}  // namespace

TEST_CASE("Healthy peers have no outlier: over many nodes less than one in a hundred has any") {
  std::mt19937 source(11);
  std::size_t nodes_with_any = 0;
  for (int node = 0; node < 1000; ++node) {
    if (low(healthy(source, 56, 0.02)) > 0) ++nodes_with_any;
  }
  CHECK(nodes_with_any <= 10);
}

TEST_CASE("One slow pair of 56 is found, and nothing else with it") {
  std::mt19937 source(12);
  std::size_t found = 0;
  for (int node = 0; node < 200; ++node) {
    auto peers = healthy(source, 56, 0.01);
    peers[17].value = 0.8 * 400e9;
    const auto standings = among_peers(peers);
    if (standings[17]->low && low(peers) == 1) ++found;
  }
  CHECK(found >= 198);
}

TEST_CASE("A quarter of the pairs being bad does not hide one of them") {
  std::mt19937 source(13);
  auto peers = healthy(source, 56, 0.01);
  for (std::size_t index = 0; index < 14; ++index)
    peers[index].value *= 0.5;
  CHECK(low(peers) == 14);
}

TEST_CASE("Fewer than eight of a kind say nothing, however many other kinds there are") {
  std::mt19937 source(14);
  auto peers = healthy(source, 7, 0.01);
  peers[0].value *= 0.1;
  const auto others = healthy(source, 20, 0.01, "others");
  peers.insert(peers.end(), others.begin(), others.end());
  const auto standings = among_peers(peers);
  CHECK_FALSE(standings[0]);
  CHECK(standings[7]->count == 20);
  CHECK(low(peers) == 0);
}

TEST_CASE("Peers that agree to the last digit do not make an outlier of a small difference") {
  std::vector<PeerValue> peers(56, {"pairs", 396.4e9});
  peers[3].value = 0.97 * 396.4e9;
  CHECK(low(peers) == 0);
  peers[3].value = 0.85 * 396.4e9;
  CHECK(low(peers) == 1);
}

TEST_CASE("Faster than the peers is no fault, and an empty list no error") {
  std::vector<PeerValue> peers(10, {"pairs", 100e9});
  peers[0].value = 300e9;
  CHECK(low(peers) == 0);
  CHECK(among_peers({}).empty());
  CHECK(low(std::vector<PeerValue>(9, {"dead", 0.0})) == 0);
}

TEST_CASE("A standing is told with its median, its count and the share") {
  std::vector<PeerValue> peers(10, {"pairs", 400e9});
  peers[0].value = 180e9;
  const auto standings = among_peers(peers);
  CHECK(text_of(*standings[0], 180e9) ==
        "median of 10 peers 400 GB/s, this is 0.45 of it: an outlier");
}
