#pragma once

// Inside probes/drivers/nvml only: one GPU's calls with one way to treat what they refuse.

#include <optional>
#include <string>
#include <vector>

#include "core/model/gpu.hpp"
#include "probes/drivers/nvml/nvml_library.hpp"

namespace plumbline::probes::nvml {

/// Asks one GPU. A call that the library lacks, or that the GPU does not support, answers nothing;
/// any other refusal answers nothing and is a line of the problems.
class Reader {
 public:
  Reader(const Library& library, Handle gpu, std::vector<std::string>& problems)
      : library_(library), gpu_(gpu), problems_(problems) {}

  /// What `call` with a place for one number answers.
  template <typename Number>
  std::optional<Number> number(Return (*call)(Handle, Number*), const char* doing) const {
    Number value{};
    if (call == nullptr || !good(call(gpu_, &value), doing)) return std::nullopt;
    return value;
  }

  /// What `call` with a place for a text of at most 95 letters answers; empty when nothing.
  std::string text(Return (*call)(Handle, char*, unsigned), const char* doing) const;

  /// A field's value; nothing when it is not supported. Counts only: never negative.
  std::optional<std::uint64_t> field(unsigned id, unsigned scope, const char* doing) const;

  /// True for success; complains of what is neither that nor "not supported".
  bool good(Return code, const char* doing) const;

  const Functions& calls() const { return library_.calls(); }
  const Library& library() const { return library_; }
  Handle gpu() const { return gpu_; }

 private:
  const Library& library_;
  Handle gpu_;
  std::vector<std::string>& problems_;
};

/// The links of a GPU, every one that it has.
std::vector<NvLink> read_links(const Reader& reader);
/// Its membership in a fabric; nothing when the library or the GPU knows none.
std::optional<GpuFabric> read_fabric(const Reader& reader);
/// Its place; nothing before Blackwell.
std::optional<GpuPlatform> read_platform(const Reader& reader);
/// ECC, retired pages, remapped rows.
GpuMemoryHealth read_memory_health(const Reader& reader);
/// Clocks, temperature, power.
GpuState read_state(const Reader& reader);

}  // namespace plumbline::probes::nvml
