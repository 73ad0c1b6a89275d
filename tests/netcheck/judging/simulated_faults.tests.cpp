#include <catch2/catch_test_macros.hpp>
#include <string>
#include <utility>
#include <vector>

#include "netcheck/judging/judge_by.hpp"
#include "tests/netcheck/judging/score.hpp"

namespace plumbline::testing {
namespace {

constexpr double kMegabit = 125e3;

Score sum(const std::vector<Score>& scores) {
  Score all;
  for (const Score& score : scores) {
    all.runs += score.runs;
    all.exact += score.exact;
    all.ambiguous += score.ambiguous;
    all.missed += score.missed;
    all.wrong += score.wrong;
    all.first += score.first;
    if (!score.last_wrong.empty()) all.last_wrong = score.last_wrong;
  }
  return all;
}

/// A scenario at every node and rail.
Score at_every_nic(const Shape& shape, int seeds,
                   const std::function<void(VirtualFabric&, int, int)>& fault) {
  std::vector<Score> scores;
  for (int node = 1; node <= shape.racks * shape.nodes_per_rack; ++node) {
    for (int rail = 0; rail < shape.rails; ++rail) {
      scores.push_back(run(shape, seeds, [&](VirtualFabric& fabric) {
        fault(fabric, node, rail);
        return Guilty{VirtualFabric::node_name(node) + "/" + VirtualFabric::rail_name(rail)};
      }));
    }
  }
  return sum(scores);
}

/// A scenario at every rack and rail.
Score at_every_uplink(const Shape& shape, int seeds, double rate) {
  std::vector<Score> scores;
  for (int rack = 1; rack <= shape.racks; ++rack) {
    for (int rail = 0; rail < shape.rails; ++rail) {
      scores.push_back(run(shape, seeds, [&](VirtualFabric& fabric) {
        fabric.slow_uplink(rack, rail, rate);
        return Guilty{VirtualFabric::rack_name(rack) + "/" + VirtualFabric::rail_name(rail)};
      }));
    }
  }
  return sum(scores);
}

/// Prints the figures and holds them: nothing healthy accused, nothing missed.
void hold(const std::string& what, const Score& score) {
  WARN(what << ": " << score.text());
  CHECK(score.wrong == 0);
  CHECK(score.missed == 0);
}

std::vector<std::pair<std::string, Shape>> shapes() {
  Shape usual;
  Shape fours;
  fours.nodes_per_rack = 4;
  Shape single;
  single.rails = 1;
  Shape single_fours = fours;
  single_fours.rails = 1;
  return {{"3 racks of 2, 2 rails", usual},
          {"3 racks of 4, 2 rails", fours},
          {"3 racks of 2, 1 rail", single},
          {"3 racks of 4, 1 rail", single_fours}};
}

}  // namespace

TEST_CASE("A healthy fabric passes and nobody is accused, whatever the noise") {
  for (const auto& [name, shape] : shapes()) {
    int passed = 0;
    int accused = 0;
    for (int seed = 1; seed <= 100; ++seed) {
      VirtualFabric fabric(shape, 0.01 + 0.01 * (seed % 3), static_cast<std::uint32_t>(seed));
      const Report report = netcheck::judge_by(fabric.stage(), {});
      if (report.verdict == StageVerdict::pass) ++passed;
      for (const Finding& finding : report.findings) {
        if (finding.verdict != Verdict::match) ++accused;
      }
    }
    WARN("healthy, " << name << ": " << passed << " of 100 pass, " << accused << " accusations");
    CHECK(accused == 0);
    CHECK(passed == 100);
  }
}

TEST_CASE("A slow NIC is named at every node and rail") {
  for (const auto& [name, shape] : shapes()) {
    const Score score = at_every_nic(shape, 4, [](VirtualFabric& fabric, int node, int rail) {
      fabric.slow_nic(node, rail, 60 * kMegabit);
    });
    hold("slow-nic, " + name, score);
    CHECK(score.exact == score.runs);
    CHECK(score.first == score.runs);
  }
}

TEST_CASE("A NIC that is slow one way only is named") {
  for (const auto& [name, shape] : shapes()) {
    const Score score = at_every_nic(shape, 4, [](VirtualFabric& fabric, int node, int rail) {
      fabric.slow_nic(node, rail, 60 * kMegabit, false, true);
    });
    hold("slow-nic inwards, " + name, score);
    CHECK(score.exact == score.runs);
  }
}

TEST_CASE("A slow uplink is told from slow NICs at every rack and rail") {
  for (const auto& [name, shape] : shapes()) {
    const Score score = at_every_uplink(shape, 6, 50 * kMegabit);
    hold("slow-uplink, " + name, score);
    CHECK(score.exact == score.runs);
    CHECK(score.first == score.runs);
  }
}

TEST_CASE("A dead link is named, whether its NIC tells so or not") {
  for (const auto& [name, shape] : shapes()) {
    for (const bool told : {true, false}) {
      const Score score = at_every_nic(shape, 4, [told](VirtualFabric& fabric, int node, int rail) {
        fabric.dead_link(node, rail, told);
      });
      hold(std::string("dead-link") + (told ? " (told), " : ", ") + name, score);
      CHECK(score.exact == score.runs);
    }
  }
}

TEST_CASE("A link that dies under the stage is told by the probe, even between two nodes") {
  Shape shape;
  shape.racks = 1;
  shape.rails = 2;
  const Score score = at_every_nic(shape, 4, [](VirtualFabric& fabric, int node, int rail) {
    fabric.dead_link(node, rail, true);
    fabric.cut_later();
  });
  hold("dead-link, two nodes", score);
  CHECK(score.exact == score.runs);
}

TEST_CASE("A flapping link is named by its carrier counter") {
  for (const auto& [name, shape] : shapes()) {
    const Score score = at_every_nic(shape, 4, [](VirtualFabric& fabric, int node, int rail) {
      fabric.flapping_link(node, rail);
    });
    hold("flapping-link, " + name, score);
    CHECK(score.exact == score.runs);
  }
}

TEST_CASE("A lossy link is named by goodput and retransmissions") {
  for (const auto& [name, shape] : shapes()) {
    const Score score = at_every_nic(shape, 4, [](VirtualFabric& fabric, int node, int rail) {
      fabric.lossy_link(node, rail, 0.03);
    });
    hold("lossy-link, " + name, score);
    CHECK(score.exact == score.runs);
  }
}

TEST_CASE("A lossy link that leaves most pairs their goodput is named by retransmissions") {
  for (auto [name, shape] : shapes()) {
    shape.overflow = 0.0002;  // as measured on idle shaped links
    const Score score = at_every_nic(shape, 4, [](VirtualFabric& fabric, int node, int rail) {
      fabric.lossy_link(node, rail, 0.02, 0.45, 1.0);
    });
    hold("lossy-link, gentle, " + name, score);
    CHECK(score.exact == score.runs);
  }
}

TEST_CASE("Corrupted data is a fault of the path that corrupts it") {
  const Score score = at_every_nic(Shape{}, 4, [](VirtualFabric& fabric, int node, int rail) {
    fabric.corrupt_nic(node, rail);
  });
  hold("corrupt-nic", score);
  CHECK(score.exact == score.runs);
}

TEST_CASE("A lying rack label is named at every node and nothing healthy is accused") {
  for (const auto& [name, shape] : shapes()) {
    std::vector<Score> scores;
    const int nodes = shape.racks * shape.nodes_per_rack;
    for (int node = 1; node <= nodes; ++node) {
      scores.push_back(run(shape, 4, [node](VirtualFabric& fabric) {
        const int other = fabric.rack_of(node) % fabric.shape().racks + 1;
        fabric.mislabel(node, VirtualFabric::rack_name(other));
        return Guilty{"label " + VirtualFabric::node_name(node)};
      }));
    }
    const Score score = sum(scores);
    hold("lying-label, " + name, score);
    CHECK(score.exact == score.runs);
    CHECK(score.first == score.runs);
  }
}

TEST_CASE("A lying label beside a slow NIC: both are named, the label first") {
  for (const auto& [name, shape] : shapes()) {
    if (shape.rails < 2) continue;
    const Score score = run(shape, 20, [](VirtualFabric& fabric) {
      fabric.mislabel(4, "rack-3");
      fabric.slow_nic(1, 0, 60 * kMegabit);
      return Guilty{"label node-4", "node-1/rail-a"};
    });
    hold("lying-label and slow-nic, " + name, score);
  }
}

TEST_CASE("A mild fault leaves an ambiguity set that holds the culprit") {
  for (const auto& [name, shape] : shapes()) {
    const Score score = at_every_nic(shape, 4, [](VirtualFabric& fabric, int node, int rail) {
      fabric.slow_nic(node, rail, 140 * kMegabit);
    });
    hold("slow-nic 140 Mb/s, " + name, score);
    if (shape.nodes_per_rack == 2) CHECK(score.ambiguous == score.runs);
    if (shape.nodes_per_rack > 2) CHECK(score.exact == score.runs);
  }
}

TEST_CASE("Two faults at once are both found") {
  for (const auto& [name, shape] : shapes()) {
    const Score nics = run(shape, 20, [](VirtualFabric& fabric) {
      fabric.slow_nic(1, 0, 60 * kMegabit);
      fabric.slow_nic(5, 0, 40 * kMegabit);
      return Guilty{"node-1/rail-a", "node-5/rail-a"};
    });
    hold("two slow NICs, " + name, nics);
    const Score mixed = run(shape, 20, [](VirtualFabric& fabric) {
      fabric.slow_uplink(1, 0, 50 * kMegabit);
      fabric.slow_nic(fabric.nodes(), 0, 60 * kMegabit);
      return Guilty{"rack-1/rail-a", VirtualFabric::node_name(fabric.nodes()) + "/rail-a"};
    });
    hold("slow uplink and slow NIC, " + name, mixed);
    const Score dead = run(shape, 20, [](VirtualFabric& fabric) {
      fabric.dead_link(2, 0, false);
      fabric.slow_uplink(3, 0, 50 * kMegabit);
      return Guilty{"node-2/rail-a", "rack-3/rail-a"};
    });
    hold("dead link and slow uplink, " + name, dead);
  }
}

TEST_CASE("Faults on both rails of one node are one finding about the node") {
  VirtualFabric fabric(Shape{}, 0.02, 11);
  fabric.slow_nic(3, 0, 60 * kMegabit);
  fabric.slow_nic(3, 1, 60 * kMegabit);
  const Report report = netcheck::judge_by(fabric.stage(), {});
  REQUIRE(!report.findings.empty());
  CHECK(report.findings.front().subject.kind == "node");
  CHECK(report.findings.front().subject.name == "node-3");
  CHECK(report.verdict == StageVerdict::fail);
}

TEST_CASE("Missing pairs cost certainty, never a healthy part's name") {
  for (const auto& [name, shape] : shapes()) {
    const Score score = at_every_nic(shape, 6, [](VirtualFabric& fabric, int node, int rail) {
      fabric.slow_nic(node, rail, 60 * kMegabit);
      fabric.forget_pairs(0.2);
    });
    WARN("slow-nic with a fifth of the pairs missing, " << name << ": " << score.text());
    CHECK(score.wrong == 0);
  }
}

}  // namespace plumbline::testing
