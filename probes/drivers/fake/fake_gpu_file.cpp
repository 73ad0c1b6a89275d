#include <algorithm>

#include "core/files.hpp"
#include "core/yaml_section.hpp"
#include "probes/drivers/fake/fake_gpu_node.hpp"

namespace plumbline::probes {

namespace {

constexpr std::size_t kFileMost = 1U << 20U;
constexpr const char* kSchema = "plumbline.fake-gpus/v1";
constexpr int kGpusMost = 72;  ///< an NVL72 domain; a PCI bus number a GPU

int whole(YamlSection& section, const char* key, int otherwise, int least, int most) {
  const double value = section.number_or(key, otherwise, least, most);
  if (value != static_cast<int>(value)) section.complain(key, "is not a whole number");
  return static_cast<int>(value);
}

std::string one_of(YamlSection& section, const char* key, const std::string& otherwise,
                   const std::vector<std::string>& allowed) {
  const std::string word = section.text_or(key, otherwise);
  if (std::find(allowed.begin(), allowed.end(), word) == allowed.end()) {
    std::string list;
    for (const std::string& other : allowed)
      list += (list.empty() ? "" : ", ") + other;
    section.complain(key, "is none of: " + list);
  }
  return word;
}

BytesPerSecond rate_of(YamlSection& section, const char* key) {
  const auto rate = section.rate(key);
  if (!rate) section.complain(key, "is missing");
  return rate.value_or(BytesPerSecond{1});
}

Seconds time_or(YamlSection& section, const char* key, std::chrono::nanoseconds otherwise) {
  return in_seconds(section.duration_or(key, otherwise));
}

void read_machine(YamlSection section, FakeGpuNode& node) {
  node.numa_nodes = whole(section, "numa_nodes", 1, 1, 16);
  node.in_vm = section.flag_or("virtual", false);
  node.nics = whole(section, "nics_per_gpu", 0, 0, 4);
  section.done();
}

void read_gpus(YamlSection section, FakeGpuNode& node) {
  node.count = whole(section, "count", 0, 1, kGpusMost);
  if (node.count == 0) section.complain("count", "is missing");
  node.product = section.text("product");
  node.compute_capability = section.text("compute_capability");
  node.memory = section.size_or("memory", Bytes{16ULL << 30U});
  node.pcie_generation = whole(section, "pcie_generation", 5, 1, 7);
  node.pcie_width = whole(section, "pcie_width", 16, 1, 16);
  node.peer = one_of(section, "peer", "pcie", {"pcie", "none"});
  section.done();
}

void read_nvlink(YamlSection section, FakeGpuNode& node) {
  node.nvlinks = whole(section, "links", 0, 0, 36);
  node.nvlink_generation = section.number_or("generation", 0, 0, 9);
  node.nvlink_to = one_of(section, "to", "switch", {"switch", "gpu"});
  section.done();
}

void read_place(YamlSection& top, FakeGpuNode& node) {
  YamlSection fabric = top.section("fabric");
  node.cluster_uuid = fabric.text_or("cluster_uuid", "");
  node.clique = static_cast<std::uint32_t>(whole(fabric, "clique", 0, 0, 1'000'000));
  fabric.done();
  YamlSection place = top.section("platform");
  const std::string chassis = place.text_or("chassis", "");
  const int slot = whole(place, "slot", 0, 0, 255);
  const int tray = whole(place, "tray", 0, 0, 255);
  if (!chassis.empty()) node.platform = GpuPlatform{chassis, slot, tray, 0, 1};
  place.done();
}

void read_copies(YamlSection section, FakeGpuNode& node) {
  FakeCopies& copies = node.copies;
  copies.host = rate_of(section, "host");
  copies.host_total = section.rate("host_total").value_or(BytesPerSecond{copies.host.value * 1.5});
  copies.local = rate_of(section, "local");
  copies.peer = section.rate("peer").value_or(copies.host);
  copies.sm = section.number_or("sm_share", 0.95, 0.01, 2);
  copies.host_latency = time_or(section, "host_latency", std::chrono::microseconds(1));
  copies.peer_latency = time_or(section, "peer_latency", std::chrono::microseconds(2));
  section.done();
}

FakeSlices read_slices(YamlSection section, const FakeGpuNode& node) {
  FakeSlices slices;
  slices.gpu = whole(section, "gpu", 0, 0, node.count - 1);
  slices.count = whole(section, "count", 1, 1, 7);
  slices.profile = section.text("profile");
  slices.memory = section.size_or("memory", Bytes{1ULL << 30U});
  section.done();
  return slices;
}

const std::vector<std::string>& pair_faults() {
  static const std::vector<std::string> kinds{"slow_pair", "corrupting_pair", "hanging_copy",
                                              "uncounted_pair"};
  return kinds;
}

FakeFault read_fault(YamlSection section, const FakeGpuNode& node) {
  std::vector<std::string> kinds{"nvlink_down", "lost_gpu",  "pcie_width",      "pcie_generation",
                                 "busy",        "throttled", "unhealthy_fabric"};
  const auto& pairs = pair_faults();
  kinds.insert(kinds.end(), pairs.begin(), pairs.end());
  FakeFault fault;
  fault.kind = one_of(section, "kind", "", kinds);
  const int last = node.count - 1;
  if (std::find(pairs.begin(), pairs.end(), fault.kind) != pairs.end()) {
    fault.from = whole(section, "from", -1, 0, last);
    fault.to = whole(section, "to", -1, 0, last);
    if (fault.from < 0 || fault.to < 0) section.complain("from", "and to are two numbers of GPUs");
    if (fault.from == fault.to) section.complain("to", "is the GPU itself");
    if (fault.kind == "slow_pair") fault.rate = rate_of(section, "rate");
    if (fault.kind == "corrupting_pair") fault.byte = section.size_or("byte", Bytes{7});
  } else {
    fault.gpu = whole(section, "gpu", -1, 0, last);
    if (fault.gpu < 0) section.complain("gpu", "is missing");
    fault.value = whole(section, "value", 1, 0, 1'000'000);
    if (fault.kind == "busy") fault.pod = section.text_or("pod", "");
  }
  section.done();
  return fault;
}

FakeGpuNode read_node(YamlSection& top, const std::string& file) {
  FakeGpuNode node;
  node.file = file;
  if (top.text("schema") != kSchema) top.complain("schema", "is not " + std::string(kSchema));
  node.name = top.text("name");
  YamlSection driver = top.section("driver");
  node.driver_version = driver.text("version");
  node.cuda_version = driver.text("cuda");
  driver.done();
  read_machine(top.section("machine"), node);
  read_gpus(top.section("gpus"), node);
  read_nvlink(top.section("nvlink"), node);
  read_place(top, node);
  read_copies(top.section("copies"), node);
  for (YamlSection& section : top.sections("mig"))
    node.slices.push_back(read_slices(section, node));
  for (YamlSection& section : top.sections("faults"))
    node.faults.push_back(read_fault(section, node));
  top.done();
  return node;
}

}  // namespace

Result<FakeGpuNode> parse_fake_gpus(const std::string& text, const std::string& file) {
  auto node = read_yaml(text, [&](YamlSection& top) { return read_node(top, file); });
  if (!node) return pass_up(node.error(), file);
  return node;
}

Result<FakeGpuNode> read_fake_gpus(const std::string& file) {
  const auto text = read_file(file, kFileMost);
  if (!text) return tl::unexpected(text.error());
  return parse_fake_gpus(*text, file);
}

}  // namespace plumbline::probes
