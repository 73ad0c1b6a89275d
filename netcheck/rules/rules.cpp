#include "netcheck/rules/rules.hpp"

namespace plumbline::netcheck {

std::vector<std::pair<std::string, Rule>> claim_rules() {
  // The order is the one in which rules are told of.
  return {{"X01", x01_pcie_root},
          {"X02", x02_numa_node},
          {"X03", x03_slice_truth},
          {"X04", x04_given_held},
          {"X04 checkpoint", x04_checkpoint},
          {"X04 inside", x04_inside},
          {"X04 twice", x04_given_twice},
          {"X04 prepared", x04_prepared},
          {"X07", x07_kubelet_alignment},
          {"X08", x08_claims_and_cpus},
          {"X09", x09_exclusive_cpus},
          {"X09 claimed", x09_claimed_cpus},
          {"X09 inside", x09_inside},
          {"X10", x10_gang_placement},
          {"X11 labels", x11_labels},
          {"X12", x12_other_placement},
          {"X13", x13_gang_complete},
          {"X14", x14_fabric_group},
          {"X15", x15_attachment},
          {"X16", x16_transport},
          {"X16 collectives", x16_collectives},
          {"X20", x20_counts},
          {"X20 allocatable", x20_allocatable},
          {"X21", x21_interference},
          {"penalty", placement_penalty},
          {"claims", claims_understood}};
}

}  // namespace plumbline::netcheck
