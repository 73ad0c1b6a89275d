#include "probes/probe.hpp"

#include "probes/drivers/host/links.hpp"
#include "probes/drivers/ucx/ucx_path.hpp"
#include "probes/pair/pair.hpp"

namespace plumbline::probes {

std::vector<std::unique_ptr<Probe>> all_probes() {
    const auto links_now = [] { return read_links(Deadline::after(std::chrono::seconds(2))); };
    std::vector<std::unique_ptr<Probe>> probes;
    probes.push_back(pair_probe(ucx_paths(), links_now));
    return probes;
}

}  // namespace plumbline::probes
