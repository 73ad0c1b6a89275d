#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "probes/drivers/nvml/nvml_abi.hpp"

namespace plumbline::probes::nvml {

/// The functions that plumbline calls, each bound by its name; null where the library has none.
/// Reads only: nothing here changes a clock, a limit, a mode or MIG.
struct Functions {
  Return (*init)() = nullptr;
  Return (*shutdown)() = nullptr;
  const char* (*error_string)(Return) = nullptr;
  Return (*driver_version)(char*, unsigned) = nullptr;
  Return (*nvml_version)(char*, unsigned) = nullptr;
  Return (*cuda_version)(int*) = nullptr;
  Return (*count)(unsigned*) = nullptr;
  Return (*handle_by_index)(unsigned, Handle*) = nullptr;
  Return (*handle_by_uuid)(const char*, Handle*) = nullptr;
  Return (*uuid)(Handle, char*, unsigned) = nullptr;
  Return (*name)(Handle, char*, unsigned) = nullptr;
  Return (*pci_info)(Handle, PciInfo*) = nullptr;
  Return (*minor_number)(Handle, unsigned*) = nullptr;
  Return (*memory_info)(Handle, Memory*) = nullptr;
  Return (*compute_mode)(Handle, int*) = nullptr;
  Return (*compute_capability)(Handle, int*, int*) = nullptr;
  Return (*persistence)(Handle, int*) = nullptr;
  Return (*numa_node)(Handle, unsigned*) = nullptr;
  Return (*mig_mode)(Handle, unsigned*, unsigned*) = nullptr;
  Return (*mig_most)(Handle, unsigned*) = nullptr;
  Return (*mig_handle)(Handle, unsigned, Handle*) = nullptr;
  Return (*pcie_generation)(Handle, unsigned*) = nullptr;
  Return (*pcie_width)(Handle, unsigned*) = nullptr;
  Return (*pcie_most_generation)(Handle, unsigned*) = nullptr;
  Return (*pcie_device_generation)(Handle, unsigned*) = nullptr;
  Return (*pcie_most_width)(Handle, unsigned*) = nullptr;
  Return (*pcie_replays)(Handle, unsigned*) = nullptr;
  Return (*link_state)(Handle, unsigned, int*) = nullptr;
  Return (*link_version)(Handle, unsigned, unsigned*) = nullptr;
  Return (*link_remote_pci)(Handle, unsigned, PciInfo*) = nullptr;
  Return (*link_remote_kind)(Handle, unsigned, int*) = nullptr;
  Return (*field_values)(Handle, int, FieldValue*) = nullptr;
  Return (*fabric_info)(Handle, void*) = nullptr;
  Return (*platform_info)(Handle, PlatformInfo*) = nullptr;
  Return (*peer_status)(Handle, Handle, int, int*) = nullptr;
  Return (*ecc_mode)(Handle, int*, int*) = nullptr;
  Return (*ecc_errors)(Handle, int, int, unsigned long long*) = nullptr;
  Return (*retired_pages)(Handle, int, unsigned*, unsigned long long*) = nullptr;
  Return (*retired_pending)(Handle, int*) = nullptr;
  Return (*remapped_rows)(Handle, unsigned*, unsigned*, unsigned*, unsigned*) = nullptr;
  Return (*clock)(Handle, int, unsigned*) = nullptr;
  Return (*throttle_reasons)(Handle, unsigned long long*) = nullptr;
  Return (*temperature)(Handle, int, unsigned*) = nullptr;
  Return (*power_limit)(Handle, unsigned*) = nullptr;
  Return (*default_power_limit)(Handle, unsigned*) = nullptr;
  Return (*compute_processes)(Handle, unsigned*, ProcessInfo*) = nullptr;
  Return (*graphics_processes)(Handle, unsigned*, ProcessInfo*) = nullptr;
};

/// NVML, loaded and started; shut down with it. One thread.
class Library {
 public:
  /// Binds the library `file` by dlopen. unavailable when there is none ("no NVIDIA driver: ..."),
  /// when a function that everything needs is missing, or when NVML refuses to start.
  static Result<std::unique_ptr<Library>> open(const std::string& file = "libnvidia-ml.so.1");
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  const Functions& calls() const { return calls_; }
  /// Every GPU's handle. A GPU whose handle is refused is a line of `problems` ("GPU 3: GPU is
  /// lost").
  Result<std::vector<Handle>> devices(std::vector<std::string>& problems) const;
  /// The GPU of a UUID.
  Result<Handle> device(const std::string& uuid) const;
  /// "NVML 12.550.54.15".
  std::string version() const;
  /// An error of a call, in NVML's own words.
  Error error(Return code, const std::string& doing) const;

 private:
  Library(void* handle, const Functions& calls) : handle_(handle), calls_(calls) {}
  void* handle_;
  Functions calls_;
};

}  // namespace plumbline::probes::nvml
