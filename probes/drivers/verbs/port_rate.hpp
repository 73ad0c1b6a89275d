#pragma once

#include <string>

#include "core/model/rdma.hpp"

namespace plumbline::probes {

/// Reads the kernel's words for a port's rate, "100 Gb/sec (4X EDR)", into rate, width, speed and
/// coding. On InfiniBand the rate is what is left for data: 8b/10b is taken off SDR, DDR and QDR,
/// 64b/66b off FDR, whose kernel figures count signals; from EDR on the kernel's figure is data
/// already (IBTA Vol. 2, table "link speeds"; drivers/infiniband/core/sysfs.c rate_show). On
/// Ethernet the words are only the nearest InfiniBand name and the figure is data. What is not of
/// the form leaves all four empty.
void read_port_rate(const std::string& text, RdmaPort& port);

}  // namespace plumbline::probes
