#include "collectives/wire.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace plumbline;
using namespace plumbline::collectives;

namespace {

constexpr const char* kText =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs\n"
    "    lo:     100       1    0    0    0     0          0         0      100       1    0\n"
    "  ens1:5000000000    10    0    0    0     0          0         0  7000000000    10    0\n";

WireReading reading(int milliseconds, std::uint64_t rail, std::uint64_t other) {
  return {Moment{} + std::chrono::milliseconds(milliseconds),
          {{"ens1", rail, rail}, {"ens2", other, other}}};
}

const Endpoint kAt{"node-3", "ens1", "rail-a"};

}  // namespace

TEST_CASE("Counters are read per interface, over 32 bits, with and without a space") {
  const auto devices = parse_counters(kText);
  REQUIRE(devices);
  REQUIRE(devices->size() == 2);
  CHECK((*devices)[0].name == "lo");
  CHECK((*devices)[1].name == "ens1");
  CHECK((*devices)[1].received == 5'000'000'000);
  CHECK((*devices)[1].sent == 7'000'000'000);
}

TEST_CASE("A line without its counters is an error that names the interface") {
  const auto devices = parse_counters("  ens1: 1 2 3\n");
  REQUIRE_FALSE(devices);
  CHECK(devices.error().message.find("ens1") != std::string::npos);
}

TEST_CASE("The rail's device is found by subnet alone") {
  const std::vector<DeviceAddress> addresses{
      {"lo", "127.0.0.1"}, {"mgmt0", "10.70.0.11"}, {"x7", "10.70.1.11"}, {"x8", "fd00:1::11"}};
  CHECK(device_in(addresses, "10.70.1.0/24").value() == "x7");
  CHECK(device_in(addresses, "fd00:1::/64").value() == "x8");
  CHECK(device_in(addresses, "10.70.2.0/24").error().code == ErrorCode::not_found);
  CHECK(device_in(addresses, "10.70.0.0/16").error().code == ErrorCode::conflict);
  for (const char* bad : {"", "10.70.1.0", "10.70.1.0/33", "10.70.1.0/x", "rail-a/24", "/24"})
    CHECK(device_in(addresses, bad).error().code == ErrorCode::invalid_input);
}

TEST_CASE("Bytes on the rail's device and on no other prove the path") {
  const WireWatch watch{reading(0, 0, 0), reading(100, 0, 0), reading(1100, 1'050'000, 900)};
  const auto proofs = prove_wire(watch, kAt, {{1'000'000}, {1'000'000}});
  REQUIRE(proofs.size() == 2);
  for (const Proof& proof : proofs) {
    CHECK(proof.holds);
    CHECK(proof.kind == "counter");
    CHECK(proof.at == kAt);
    CHECK(proof.after == 1'050'000.0);
    CHECK(proof.expected == 1'000'000.0);
  }
  CHECK(proofs[0].source == "/proc/net/dev ens1 sent");
}

TEST_CASE("Bytes that the idle rate explains prove nothing") {
  const WireWatch watch{reading(0, 0, 0), reading(100, 100'000, 0), reading(1100, 1'150'000, 0)};
  CHECK_FALSE(prove_wire(watch, kAt, {{1'000'000}, {1'000'000}})[0].holds);
}

TEST_CASE("Bytes that took another device break the proof and name it") {
  const WireWatch watch{reading(0, 0, 0), reading(100, 0, 0), reading(1100, 1'050'000, 400'000)};
  const auto proof = prove_wire(watch, kAt, {{1'000'000}, {1'000'000}})[0];
  CHECK_FALSE(proof.holds);
  CHECK(proof.statement.find("ens2 0.4 MB") != std::string::npos);
}

TEST_CASE("A path beside all interfaces is proven by their quiet, lo included") {
  const WireWatch quiet{reading(0, 0, 0), reading(100, 0, 0), reading(1100, 900, 900)};
  const Proof proof = prove_unused(quiet, kAt, {{1'000'000}, {1'000'000}});
  CHECK(proof.holds);
  CHECK(proof.expected == 0.0);
  const WireWatch busy{reading(0, 0, 0), reading(100, 0, 0), reading(1100, 0, 400'000)};
  const Proof broken = prove_unused(busy, kAt, {{1'000'000}, {1'000'000}});
  CHECK_FALSE(broken.holds);
  CHECK(broken.statement.find("0.4 MB over ens2") != std::string::npos);
}

TEST_CASE("A direction in which nothing must move has no proof") {
  const WireWatch watch{reading(0, 0, 0), reading(100, 0, 0), reading(1100, 1'050'000, 900)};
  const auto proofs = prove_wire(watch, kAt, {{}, {1'000'000}});
  REQUIRE(proofs.size() == 1);
  CHECK(proofs[0].source == "/proc/net/dev ens1 received");
}
