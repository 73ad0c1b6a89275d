#include "probes/drivers/verbs/verbs_driver.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "probes/drivers/verbs/device_files.hpp"
#include "probes/drivers/verbs/gpu_place.hpp"
#include "probes/drivers/verbs/port_counters.hpp"
#include "probes/drivers/verbs/verbs_end.hpp"

namespace plumbline::probes {

namespace {

/// A RoCE v2 GID is an IPv6 address, or an IPv4 one mapped into it.
std::string address_of(const std::array<std::uint8_t, 16>& gid) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  static constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  const bool four = std::equal(mapped.begin(), mapped.end(), gid.begin());
  const void* const bytes = gid.data() + (four ? mapped.size() : 0);
  if (inet_ntop(four ? AF_INET : AF_INET6, bytes, text.data(), text.size()) == nullptr) return {};
  return text.data();
}

class VerbsHalf final : public RdmaHalf {
 public:
  explicit VerbsHalf(VerbsEnd end) : end_(std::move(end)) {}
  std::string address() const override { return pack(end_.words()); }

  Status connect(const std::string& peer) override {
    auto words = unpack_end(peer);
    if (!words) return tl::unexpected(words.error());
    return end_.connect(*words);
  }
  HalfResult request(const BatchPlan& plan, const Clock& clock, Deadline deadline) override {
    return request_stream(end_, plan, clock, deadline);
  }
  HalfResult serve(const BatchPlan& plan, Deadline deadline) override {
    return serve_stream(end_, plan, deadline);
  }
  HalfResult ping(const BatchPlan& plan, const Clock& clock, Deadline deadline) override {
    return ping_verbs(end_, plan, clock, deadline);
  }
  HalfResult pong(const BatchPlan& plan, Deadline deadline) override {
    return pong_verbs(end_, plan, deadline);
  }
  std::string transport() const override {
    const auto mtu = std::min<std::uint32_t>(end_.port->mtu(), end_.other.mtu);
    return std::string("rc_") + to_string(end_.work.operation) + "/" + end_.port->words() + " " +
           end_.port->gid_words +
           (end_.source.words().empty() ? "" : " memory " + end_.source.words()) + " mtu " +
           std::to_string(mtu);
  }

 private:
  VerbsEnd end_;
};

class Verbs final : public RdmaDriver {
 public:
  explicit Verbs(std::shared_ptr<GpuMemoryDesk> gpus) : gpus_(std::move(gpus)) {}
  std::string name() const override { return "libibverbs"; }

  Result<std::unique_ptr<RdmaHalf>> open(const std::string& device, const RdmaWork& work) override {
    // Opened afresh every time: a GID or a state that has changed is seen.
    auto port = open_port(device, work.gid);
    if (!port) return tl::unexpected(port.error());
    RdmaWork placed = work;
    std::shared_ptr<GpuMemories> gpus;
    if (!work.gpu.empty()) {
      auto opened = gpus_->open(work.gpu_drivers);
      if (!opened) return tl::unexpected(opened.error());
      gpus = std::move(*opened);
      placed.gpu = gpu_for(work.gpu, (*port)->name.device, gpus->gpus());
    }
    auto end = VerbsEnd::make(std::move(*port), placed, std::move(gpus));
    if (!end) return tl::unexpected(end.error());
    return std::make_unique<VerbsHalf>(std::move(*end));
  }

  Result<std::string> peer_address(const std::string& peer) override {
    auto words = unpack_end(peer);
    if (!words) return tl::unexpected(words.error());
    if (words->infiniband) return std::string{};
    return address_of(words->gid);
  }

  std::vector<PortCount> count() override { return count_ports(FileTree("/")); }

 private:
  static std::string gpu_for(const std::string& wish, const std::string& device,
                             const std::vector<std::string>& there) {
    if (wish != kNearestGpu) return wish;
    const FileTree root("/");
    return nearest_gpu(root, read_rdma_frame(root, device).pci_address.value_or(""), there);
  }
  std::shared_ptr<GpuMemoryDesk> gpus_;
};

}  // namespace

Result<std::unique_ptr<RdmaDriver>> verbs_driver(std::shared_ptr<GpuMemoryDesk> gpus) {
  return std::make_unique<Verbs>(std::move(gpus));
}

}  // namespace plumbline::probes
