#include "probes/drivers/verbs/verbs_facts.hpp"

#include "probes/drivers/verbs/handles.hpp"

namespace plumbline::probes {

namespace {

/// The whole way to a queue pair, thrown away.
Status make_queue_pair(ibv_context* context) {
  const Handle<ibv_pd> domain(ibv_alloc_pd(context));
  if (!domain) return verbs_failed(errno, "making a protection domain");
  const Handle<ibv_cq> queue(ibv_create_cq(context, 1, nullptr, nullptr, 0));
  if (!queue) return verbs_failed(errno, "making a completion queue");
  ibv_qp_init_attr wanted{};
  wanted.send_cq = queue.get();
  wanted.recv_cq = queue.get();
  wanted.qp_type = IBV_QPT_RC;
  wanted.cap = {1, 1, 1, 1, 0};
  const Handle<ibv_qp> pair(ibv_create_qp(domain.get(), &wanted));
  if (!pair) return verbs_failed(errno, "making an RC queue pair");
  return {};
}

void add_mtu(ibv_context* context, RdmaPort& port) {
  ibv_port_attr attributes{};
  const int failed = ibv_query_port(context, static_cast<std::uint8_t>(port.number), &attributes);
  if (failed != 0) {
    port.problems.push_back(verbs_failed(failed, "asking for the port").value().message);
    return;
  }
  // IBV_MTU_256 is 1, each next is twice as large.
  if (attributes.active_mtu >= IBV_MTU_256 && attributes.active_mtu <= IBV_MTU_4096) {
    port.active_mtu = 128U << static_cast<unsigned>(attributes.active_mtu);
  }
}

}  // namespace

void ask_verbs(RdmaDevice& device) {
  const auto context = open_device(device.name);
  if (!context) {
    device.unusable = context.error().message;
    device.capability = "not opened";
    return;
  }
  for (RdmaPort& port : device.ports)
    add_mtu(context->get(), port);
  if (auto made = make_queue_pair(context->get()); !made) {
    device.unusable = made.error().message;
    device.capability = "no queue pair";
    return;
  }
  device.capability = "queue pair made";
}

}  // namespace plumbline::probes
