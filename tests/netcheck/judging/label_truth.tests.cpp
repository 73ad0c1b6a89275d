#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "netcheck/inference/assignment.hpp"
#include "netcheck/rules/x11_label_truth.hpp"
#include "tests/support/virtual_fabric.hpp"

namespace plumbline::netcheck {
namespace {

using testing::Shape;
using testing::VirtualFabric;
using Names = std::vector<std::string>;

LabelTruth truth_of(VirtualFabric& fabric) { return label_truth(fabric.stage()); }

}  // namespace

TEST_CASE("X11: true labels match the measured racks") {
  VirtualFabric fabric({}, 0.02, 1);
  const Facts facts = fabric.stage();
  const auto findings = x11_label_truth(facts);
  REQUIRE(findings.size() == 1);
  CHECK(findings.front().verdict == Verdict::match);
  const LabelTruth truth = label_truth(facts);
  CHECK(truth.measured.at("node-4") == "rack-2");
  CHECK(truth.unplaced.empty());
}

TEST_CASE("X11: true labels match without any declared rate") {
  Shape shape;
  shape.declared = false;
  VirtualFabric fabric(shape, 0.02, 1);
  CHECK(truth_of(fabric).answer == LabelAnswer::match);
}

TEST_CASE("X11: the names of racks do not matter, the partition does") {
  VirtualFabric fabric({}, 0.02, 1);
  fabric.mislabel(1, "pluto");
  fabric.mislabel(2, "pluto");
  CHECK(truth_of(fabric).answer == LabelAnswer::match);
}

TEST_CASE("X11: a lying label is a violation that names the node, quotes the label and shows why") {
  VirtualFabric fabric({}, 0.02, 1);
  fabric.mislabel(4, "rack-3");
  const auto findings = x11_label_truth(fabric.stage());
  REQUIRE(findings.size() == 1);
  const Finding& finding = findings.front();
  CHECK(finding.verdict == Verdict::violation);
  CHECK(finding.subject == Subject{"label", "fabric.topograph.run/tier-0", "node-4", ""});
  CHECK(finding.ambiguity.empty());
  REQUIRE(finding.claim);
  CHECK(finding.claim->value == "rack-3");
  CHECK(finding.claim->path == "metadata.labels[fabric.topograph.run/tier-0]");
  CHECK(finding.message.find("measured in rack-2") != std::string::npos);
  CHECK(finding.message.find("speed of one rack with node-3") != std::string::npos);
  CHECK(finding.evidence.size() >= 3);
  CHECK(!finding.measurement.empty());
}

TEST_CASE("X11: a lying label is found without any declared rate") {
  Shape shape;
  shape.declared = false;
  VirtualFabric fabric(shape, 0.02, 1);
  fabric.mislabel(4, "rack-3");
  const LabelTruth truth = truth_of(fabric);
  CHECK(truth.answer == LabelAnswer::violation);
  CHECK(truth.liars == Names{"node-4"});
}

TEST_CASE("X11: a label of its own makes both nodes of a rack of two suspects") {
  VirtualFabric fabric({}, 0.02, 1);
  fabric.mislabel(4, "rack-9");
  const LabelTruth truth = truth_of(fabric);
  CHECK(truth.answer == LabelAnswer::violation);
  CHECK(truth.liars.empty());
  REQUIRE(truth.open.size() == 1);
  CHECK(truth.open.front() == Names{"node-3", "node-4"});
}

TEST_CASE("X11: in a rack of four a label of its own is one node's lie") {
  Shape shape;
  shape.nodes_per_rack = 4;
  VirtualFabric fabric(shape, 0.02, 1);
  fabric.mislabel(4, "rack-9");
  const LabelTruth truth = truth_of(fabric);
  CHECK(truth.liars == Names{"node-4"});
  CHECK(truth.open.empty());
}

TEST_CASE("X11: two swapped labels of racks of two cannot be told from the other two") {
  VirtualFabric fabric({}, 0.02, 1);
  fabric.mislabel(2, "rack-2");
  fabric.mislabel(3, "rack-1");
  const LabelTruth truth = truth_of(fabric);
  CHECK(truth.answer == LabelAnswer::violation);
  CHECK(truth.liars.empty());
  REQUIRE(truth.open.size() == 1);
  CHECK(truth.open.front() == Names{"node-1", "node-2", "node-3", "node-4"});
}

TEST_CASE("X11: one label on every node is a lie of the racks, whose is open") {
  VirtualFabric fabric({}, 0.02, 1);
  for (int node = 1; node <= 6; ++node)
    fabric.mislabel(node, "rack-1");
  const LabelTruth truth = truth_of(fabric);
  CHECK(truth.answer == LabelAnswer::violation);
  REQUIRE(truth.open.size() == 1);
  CHECK(truth.open.front().size() == 6);
}

TEST_CASE("X11: where uplinks are as wide as NICs nothing separates the racks") {
  Shape shape;
  shape.uplink = shape.nic;
  VirtualFabric fabric(shape, 0.02, 1);
  fabric.mislabel(4, "rack-3");
  const auto findings = x11_label_truth(fabric.stage());
  REQUIRE(findings.size() == 1);
  CHECK(findings.front().verdict == Verdict::unobservable);
  CHECK(findings.front().message.find("nothing in the measured goodputs separates") !=
        std::string::npos);
}

TEST_CASE("X11: one slow uplink in a fabric of wide ones is no lie of a label") {
  for (const bool declared : {true, false}) {
    Shape shape;
    shape.uplink = shape.nic;
    shape.declared = declared;
    shape.rails = 1;
    VirtualFabric fabric(shape, 0.02, 1);
    fabric.slow_uplink(2, 0, 6.25e6);
    CHECK(truth_of(fabric).answer == LabelAnswer::unobservable);
  }
}

TEST_CASE("X11: one bad NIC, uplink or rail does not make a label a lie") {
  for (const int rails : {1, 2}) {
    for (const int size : {2, 4}) {
      Shape shape;
      shape.rails = rails;
      shape.nodes_per_rack = size;
      VirtualFabric slow(shape, 0.02, 1);
      slow.slow_nic(3, 0, 7.5e6);
      CHECK(truth_of(slow).answer == LabelAnswer::match);
      VirtualFabric dead(shape, 0.02, 1);
      dead.dead_link(3, 0, false);
      CHECK(truth_of(dead).answer == LabelAnswer::match);
      VirtualFabric uplink(shape, 0.02, 1);
      uplink.slow_uplink(2, 0, 6.25e6);
      CHECK(truth_of(uplink).answer == LabelAnswer::match);
    }
  }
}

TEST_CASE("X11: a missing label is unobservable and names the node; the measured rack stands in") {
  VirtualFabric fabric({}, 0.02, 1);
  fabric.unlabel(4);
  const Facts facts = fabric.stage();
  const auto findings = x11_label_truth(facts);
  const auto missing = std::find_if(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.subject.node == "node-4";
  });
  REQUIRE(missing != findings.end());
  CHECK(missing->verdict == Verdict::unobservable);
  CHECK(effective_racks(facts, label_truth(facts)).of.at("node-4") == "rack-2");
}

TEST_CASE("X11: without claims, labels or a declared label") {
  Facts facts = VirtualFabric({}, 0.02, 1).before();
  facts.fabric.rack_label.clear();
  CHECK(x11_label_truth(facts).empty());
  facts.fabric.rack_label = "nobody/has-it";
  REQUIRE(x11_label_truth(facts).size() == 1);
  CHECK(x11_label_truth(facts).front().verdict == Verdict::unobservable);
  facts.claims.reset();
  facts.claims_problem = "the bundle is not there";
  REQUIRE(x11_label_truth(facts).size() == 1);
  CHECK(x11_label_truth(facts).front().message.find("the bundle is not there") !=
        std::string::npos);
}

TEST_CASE("X11: nothing measured is unobservable, not a match") {
  const Facts facts = VirtualFabric({}, 0.02, 1).before();
  REQUIRE(x11_label_truth(facts).size() == 1);
  CHECK(x11_label_truth(facts).front().verdict == Verdict::unobservable);
}

TEST_CASE("Labels are assigned to clusters so that the fewest lie") {
  const Assignment found =
      assign_labels({{"a", 0, "x"}, {"b", 0, "x"}, {"c", 0, "y"}, {"d", 1, "y"}, {"e", 1, "y"}}, 2);
  CHECK(found.label_of == Names{"x", "y"});
  CHECK(found.liars == Names{"c"});
  CHECK(found.open.empty());
}

}  // namespace plumbline::netcheck
