#include "probes/drivers/nvml/nvml_instruments.hpp"

#include "probes/drivers/nvml/nvml_gpus.hpp"
#include "probes/drivers/nvml/nvml_read.hpp"

namespace plumbline::probes {

namespace {

using nvml::Reader;

Status in_time(Deadline deadline, const char* doing) {
  if (!deadline.passed()) return {};
  return fail(ErrorCode::deadline_exceeded, std::string(doing) + ": no time is left");
}

/// One counter of all links together; per link and summed where the library has no total.
std::optional<std::uint64_t> all_links(const Reader& reader, unsigned field) {
  const char* doing = "NVLink counters";
  const auto total = reader.field(field, nvml::kAllLinks, doing);
  if (total) return total;
  std::optional<std::uint64_t> sum;
  for (unsigned link = 0; link < nvml::kMostLinks; ++link) {
    const auto count = reader.field(field, link, doing);
    if (!count) break;
    sum = sum.value_or(0) + *count;
  }
  return sum;
}

std::optional<Bytes> scaled(std::optional<std::uint64_t> count, std::uint64_t step) {
  if (!count) return std::nullopt;
  return Bytes{*count * step};
}

class NvmlInstruments final : public GpuInstruments {
 public:
  explicit NvmlInstruments(std::unique_ptr<nvml::Library> library) : library_(std::move(library)) {}

  std::string library() const override { return library_->version(); }

  Result<GpuNode> look(Deadline deadline) override {
    if (auto time = in_time(deadline, "asking NVML"); !time) return tl::unexpected(time.error());
    return nvml::read_gpus(*library_);
  }

  Result<std::vector<GpuProcess>> processes(const std::string& uuid, Deadline deadline) override {
    if (auto time = in_time(deadline, "asking for processes"); !time)
      return tl::unexpected(time.error());
    const auto gpu = library_->device(uuid);
    if (!gpu) return tl::unexpected(gpu.error());
    return nvml::read_processes(*library_, *gpu);
  }

  Result<GpuCounters> counters(const std::string& uuid, Deadline deadline) override {
    if (auto time = in_time(deadline, "reading counters"); !time)
      return tl::unexpected(time.error());
    const auto gpu = library_->device(uuid);
    if (!gpu) return tl::unexpected(gpu.error());
    std::vector<std::string> problems;
    const Reader reader(*library_, *gpu, problems);
    GpuCounters counters;
    // NVLink 5 counts bytes; before, NVML tells KiB of data without protocol.
    counters.nvlink_sent = scaled(all_links(reader, nvml::kFieldNvlink5Sent), 1);
    counters.nvlink_received = scaled(all_links(reader, nvml::kFieldNvlink5Received), 1);
    if (!counters.nvlink_sent) {
      counters.nvlink_step = Bytes{1024};
      counters.nvlink_sent = scaled(all_links(reader, nvml::kFieldNvlinkDataSent), 1024);
      counters.nvlink_received = scaled(all_links(reader, nvml::kFieldNvlinkDataReceived), 1024);
    }
    counters.pcie_sent = scaled(reader.field(nvml::kFieldPcieSent, 0, "PCIe counters"), 1);
    counters.pcie_received = scaled(reader.field(nvml::kFieldPcieReceived, 0, "PCIe counters"), 1);
    if (!problems.empty()) return fail(ErrorCode::unavailable, problems.front());
    return counters;
  }

 private:
  std::unique_ptr<nvml::Library> library_;
};

}  // namespace

Result<std::unique_ptr<GpuInstruments>> nvml_instruments(const std::string& file) {
  auto library = nvml::Library::open(file);
  if (!library) return tl::unexpected(library.error());
  return std::make_unique<NvmlInstruments>(std::move(*library));
}

}  // namespace plumbline::probes
