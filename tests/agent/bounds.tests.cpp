#include "agent/service/bounds.hpp"
#include "agent/service/networks.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <functional>
#include <limits>

using namespace plumbline;
using namespace plumbline::agent;
using Catch::Matchers::ContainsSubstring;

namespace {

MeasureOrder good() {
  MeasureOrder order;
  order.lease = "lease";
  order.measurement = "round-1.pair-2";
  order.own_namespace = "plumbline";
  order.device_names = {"ens1"};
  order.request.probe = "pair";
  order.request.size = 2;
  order.request.ends = {{"node-1", "ens1", "rail-a"}, {"node-2", "ens1", "rail-a"}};
  order.request.sizes = {{65536}, {1048576}};
  order.request.measure = {"one_way", "reverse", "both_ways", "latency"};
  return order;
}

Status check(const MeasureOrder& order) {
  return check_order(order, {"node-1", [](const auto& name) { return name != "ens9"; },
                             [](const auto& name) { return name != "ens3"; }});
}

/// The refusal of a good order after one change.
std::string refusal(const std::function<void(MeasureOrder&)>& change) {
  auto order = good();
  change(order);
  const auto checked = check(order);
  return checked ? "accepted" : checked.error().message;
}

}  // namespace

TEST_CASE("A good order is accepted") { CHECK(check(good())); }

TEST_CASE("Only named probes run") {
  for (const auto* const probe : {"", "all_of_it", "sh", "pair;id", "../pair"}) {
    CHECK_THAT(refusal([&](auto& order) { order.request.probe = probe; }),
               ContainsSubstring("no such probe"));
  }
}

TEST_CASE("A caller may say which GPUs are held, and give a GPU probe no other option") {
  const auto gpus = [](const std::string& option, const std::string& value) {
    return refusal([&](auto& order) {
      order.request.probe = "gpu_copy";
      order.request.size = 1;
      order.request.ends = {{"node-1", "", ""}};
      order.request.sizes.clear();
      order.request.measure.clear();
      order.request.options[option] = value;
    });
  };
  CHECK(gpus("held", "GPU-1=pod team/trainer-0 holds it\n") == "accepted");
  CHECK_THAT(gpus("held", "GPU-1=\x1b[2J"), ContainsSubstring("options"));
  CHECK_THAT(gpus("held", std::string(20000, 'x')), ContainsSubstring("options"));
  CHECK_THAT(gpus("drivers", "fake:/etc/passwd"), ContainsSubstring("options"));
}

TEST_CASE("Open MPI's daemon is started in placed pods alone, with checked values and no program") {
  MeasureOrder order = good();
  order.request.probe = "mpi_daemon";
  order.request.sizes.clear();
  order.request.measure.clear();
  order.request.options = {{"job", "190159"},
                           {"daemon", "1"},
                           {"daemons", "3"},
                           {"nodes", "vm,plumbline-rank-[1:0-1]@0(3)"},
                           {"launcher", "190159.0;tcp://10.70.0.1:7452"},
                           {"address", "10.70.0.11"}};
  const auto no = [](const auto& /*name*/) { return true; };
  const auto refused = [&](const std::string& name, const std::string& value) {
    MeasureOrder changed = order;
    changed.request.options[name] = value;
    const auto checked = check_order(changed, {"node-1", no, no, true});
    return checked ? "accepted" : checked.error().message;
  };
  CHECK(check_order(order, {"node-1", no, no, true}));
  const auto on_a_node = check_order(order, {"node-1", no, no, false});
  REQUIRE(!on_a_node);
  CHECK(on_a_node.error().code == ErrorCode::permission_denied);
  CHECK_THAT(on_a_node.error().message, ContainsSubstring("--placed"));
  CHECK_THAT(refused("program", "/bin/sh"), ContainsSubstring("no option of mpi_daemon"));
  CHECK_THAT(refused("launcher", "190159.0;tcp://10.70.0.1:22"), ContainsSubstring("launcher"));
  CHECK_THAT(refused("nodes", "vm;id"), ContainsSubstring("nodes"));
  CHECK_THAT(refused("address", "10.70.0.11 -mca plm rsh"), ContainsSubstring("address"));
}

TEST_CASE("A pair of GPUs has two ends with UUIDs, and says how memory is shared") {
  const auto pair = [](const std::function<void(MeasureOrder&)>& change) {
    return refusal([&](auto& order) {
      order.request.probe = "gpu_pair";
      order.request.ends = {{"node-1", "GPU-fa4e8d1c-0b2a-4000-8000-000000000000", ""},
                            {"node-2", "GPU-fa4e8d1c-0b2a-4000-8000-000000000001", ""}};
      order.request.sizes.clear();
      order.request.measure.clear();
      order.request.options["share"] = "ipc";
      change(order);
    });
  };
  CHECK(pair([](auto&) {}) == "accepted");
  CHECK_THAT(pair([](auto& order) { order.request.options["share"] = "file"; }),
             ContainsSubstring("options"));
  CHECK_THAT(pair([](auto& order) { order.request.ends[1].device.clear(); }),
             ContainsSubstring("by its UUID"));
  CHECK_THAT(pair([](auto& order) { order.request.ends[0].device.assign(65, 'x'); }),
             ContainsSubstring("device name"));
  CHECK_THAT(pair([](auto& order) {
               order.request.ends.pop_back();
               order.request.size = 1;
             }),
             ContainsSubstring("two ends"));
}

TEST_CASE("A caller may choose how a pair is measured, in bounded words") {
  CHECK(refusal([](auto& order) { order.request.options["depths"] = "1,8,128"; }) == "accepted");
  CHECK(refusal([](auto& order) { order.request.options["gpu"] = "nearest"; }) == "accepted");
  CHECK_THAT(refusal([](auto& order) { order.request.options["depths"] = "../etc"; }),
             ContainsSubstring("request.options.depths"));
  CHECK_THAT(refusal([](auto& order) { order.request.options["numa"] = std::string(65, '1'); }),
             ContainsSubstring("request.options.numa"));
}

TEST_CASE("A caller cannot give options, which name paths of the node") {
  CHECK_THAT(refusal([](auto& order) { order.request.options["cni_results"] = "/etc"; }),
             ContainsSubstring("request.options"));
}

namespace {

/// What becomes of a collective's order after `change`.
std::string collective_refusal(const std::function<void(MeasureOrder&)>& change) {
  return refusal([&](MeasureOrder& order) {
    order.request.probe = "all_reduce";
    order.request.measure.clear();
    order.request.ends.assign(4, {"node-1", "gpu0", ""});
    order.request.size = 4;
    order.request.rank = 2;
    order.request.options = {
        {"type", "float,f8e4m3"}, {"colours", "0,0,1,1"}, {"stall", "30.000000"}};
    change(order);
  });
}

}  // namespace

TEST_CASE("A collective may name how it is measured, and nothing of this node") {
  CHECK(collective_refusal([](auto&) {}) == "accepted");
  for (const char* option : {"cni_results", "drivers", "sysfs_root", "fault", "log"})
    CHECK_THAT(collective_refusal([&](auto& o) { o.request.options[option] = "x"; }),
               ContainsSubstring("request.options"));
  CHECK_THAT(collective_refusal([](auto& o) { o.request.options["type"] = "float; rm"; }),
             ContainsSubstring("no list of words"));
  CHECK_THAT(collective_refusal([](auto& o) { o.request.sizes.clear(); }),
             ContainsSubstring("request.sizes is empty"));
  CHECK_THAT(collective_refusal([](auto& o) { o.request.ends[2].node = "node-2"; }),
             ContainsSubstring("is not node-1"));
  CHECK_THAT(collective_refusal([](auto& o) {
               o.request.ends.assign(1025, {"node-1", "", ""});
             }),
             ContainsSubstring("1 to 1024"));
  CHECK_THAT(collective_refusal([](auto& o) { o.request.probe = "all_of_it"; }),
             ContainsSubstring("no such probe"));
}

TEST_CASE("Sizes and counts have upper bounds") {
  CHECK_THAT(refusal([](auto& o) { o.request.sizes = {{(1ULL << 30U) + 1}}; }),
             ContainsSubstring("1 GiB"));
  CHECK_THAT(refusal([](auto& o) { o.request.sizes = {{0}}; }), ContainsSubstring("1 byte"));
  CHECK_THAT(refusal([](auto& o) { o.request.sizes.assign(65, {8}); }), ContainsSubstring("64"));
  CHECK_THAT(refusal([](auto& o) {
               o.request.ends.assign(65, {"node-1", "ens1", ""});
             }),
             ContainsSubstring("request.ends"));
  CHECK_THAT(refusal([](auto& o) { o.device_names.assign(513, "ens1"); }),
             ContainsSubstring("device_names"));
  CHECK_THAT(refusal([](auto& o) { o.request.budget.bytes = {(64ULL << 30U) + 1}; }),
             ContainsSubstring("budget.bytes"));
}

TEST_CASE("Every time is bounded and a number") {
  const double infinite = std::numeric_limits<double>::infinity();
  const double not_a_number = std::numeric_limits<double>::quiet_NaN();
  for (const double bad : {0.0, -1.0, 300.1, infinite, not_a_number}) {
    CHECK_THAT(refusal([&](auto& o) { o.request.limit = {bad}; }), ContainsSubstring("limit"));
    CHECK_THAT(refusal([&](auto& o) { o.request.budget.time = {bad}; }),
               ContainsSubstring("budget.time"));
    CHECK_THAT(refusal([&](auto& o) { o.request.budget.batch = {bad}; }),
               ContainsSubstring("budget.batch"));
    CHECK_THAT(refusal([&](auto& o) { o.request.budget.width = {bad}; }),
               ContainsSubstring("budget.width"));
  }
}

TEST_CASE("This end must be on this node and on a network device of it") {
  CHECK_THAT(refusal([](auto& o) { o.request.rank = 1; }), ContainsSubstring("is not node-1"));
  CHECK_THAT(refusal([](auto& o) { o.request.rank = 2; }), ContainsSubstring("request.rank"));
  CHECK_THAT(refusal([](auto& o) { o.request.rank = -1; }), ContainsSubstring("request.rank"));
  CHECK_THAT(refusal([](auto& o) { o.request.size = 3; }), ContainsSubstring("request.size"));
  CHECK_THAT(refusal([](auto& o) { o.request.ends[0].device = "ens9"; }),
             ContainsSubstring("no network device \"ens9\" on node-1"));
  CHECK(refusal([](auto& o) { o.request.ends[0].device = ""; }) != "accepted");
  CHECK_THAT(refusal([](auto& o) { o.request.ends[0].device = "ens3"; }),
             ContainsSubstring("no address in a network that may be measured"));
}

TEST_CASE("Names hold no paths, no blanks and no control bytes") {
  for (const auto* const bad : {"", "a/b", "a b", "a\nb", "a;b"}) {
    CHECK(refusal([&](auto& o) { o.measurement = bad; }) != "accepted");
    CHECK(refusal([&](auto& o) { o.request.ends[1].node = bad; }) != "accepted");
    CHECK(refusal([&](auto& o) { o.device_names = {std::string(bad) + "\n"}; }) != "accepted");
  }
  CHECK(refusal([](auto& o) { o.request.ends[1].device = "../../etc"; }) != "accepted");
  CHECK(refusal([](auto& o) { o.request.ends[1].rail = "rail a"; }) != "accepted");
  CHECK(refusal([](auto& o) { o.own_namespace = "a/b"; }) != "accepted");
  CHECK(refusal([](auto& o) { o.request.measure = {"everything"}; }) != "accepted");
}

TEST_CASE("A node's own probes have one end") {
  CHECK(refusal([](auto& o) { o.request.probe = "memory_copy"; }) != "accepted");
  CHECK(refusal([](auto& o) {
          o.request.probe = "memory_copy";
          o.request.size = 1;
          o.request.ends = {{"node-1", "numa0", ""}};
        }) == "accepted");
}

TEST_CASE("Gathered bytes are bounded") {
  ExchangeOrder order{"lease", "name", {0, {"a", "b"}}};
  CHECK(check_exchange(order));
  order.gathered.bytes = {std::string((64U << 10U) + 1, 'x')};
  CHECK_FALSE(check_exchange(order));
  order.gathered.bytes.assign(1025, "x");
  CHECK_FALSE(check_exchange(order));
  order.gathered = {-1, {}};
  CHECK_FALSE(check_exchange(order));
}

TEST_CASE("A device is on a network by the addresses it has now") {
  const auto loopback = netcheck::parse_subnet("127.0.0.0/8");
  const auto other = netcheck::parse_subnet("10.255.0.0/16");
  REQUIRE((loopback && other));
  CHECK(on_networks("lo", {}));
  CHECK(on_networks("lo", {*other, *loopback}));
  CHECK_FALSE(on_networks("lo", {*other}));
  CHECK_FALSE(on_networks("no-such-device0", {*loopback}));
}

TEST_CASE("A network device is known by the kernel's own answer") {
  CHECK(is_interface("lo"));
  CHECK_FALSE(is_interface(""));
  CHECK_FALSE(is_interface("no-such-device0"));
}
