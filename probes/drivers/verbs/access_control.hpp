#pragma once

#include <string>

#include "core/files.hpp"

namespace plumbline::probes {

/// PCIe Access Control Services of the bridges between a function and its root, in words: "off",
/// "redirects at 0000:40:01.0" (peer traffic goes up to the root and an IOMMU can stop it),
/// "no bridge above it", or "unknown: ..." where the configuration space cannot be read whole
/// (CAP_SYS_ADMIN). PCI Express Base 6.0, 7.7.11: capability 000Dh, control register at 6.
std::string access_control_above(const FileTree& root, const std::string& address);

/// The number and type of a function's IOMMU group, "12 (DMA-FQ)"; empty: it has none.
std::string iommu_group_of(const FileTree& root, const std::string& address);

}  // namespace plumbline::probes
