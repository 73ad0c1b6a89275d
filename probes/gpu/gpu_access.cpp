#include "probes/gpu/gpu_access.hpp"

#include "probes/drivers/cuda/cuda_machine.hpp"
#include "probes/drivers/fake/fake_gpus.hpp"
#include "probes/drivers/nvml/nvml_instruments.hpp"

namespace plumbline::probes {

namespace {

constexpr std::string_view kFake = "fake:";

Result<GpuAccess> open_described(const std::string& drivers) {
  if (drivers.rfind(kFake, 0) != 0)
    return fail(ErrorCode::invalid_input, "drivers must be fake:FILE, not '" + drivers + "'");
  auto fake = open_fake_gpus(drivers.substr(kFake.size()));
  if (!fake) return tl::unexpected(fake.error());
  return GpuAccess{std::move(fake->machine), std::move(fake->instruments), {}};
}

}  // namespace

Result<GpuAccess> open_gpus(const Request& request) {
  const auto drivers = request.options.find("drivers");
  if (drivers != request.options.end()) return open_described(drivers->second);
  auto machine = open_cuda_machine();
  if (!machine) return tl::unexpected(machine.error());
  GpuAccess access{std::move(*machine), nullptr, {}};
  auto instruments = nvml_instruments();
  if (instruments) {
    access.instruments = std::move(*instruments);
  } else {
    access.blind = instruments.error().message;
  }
  return access;
}

}  // namespace plumbline::probes
