#include "core/json/codec.hpp"
#include "core/json/tree.hpp"

namespace plumbline::json {
namespace {

Tree tree_of(const ObjectMeta& meta) {
  Tree tree{{"name", meta.name}};
  put_text(tree, "namespace", meta.name_space);
  put_text(tree, "uid", meta.uid);
  put_text(tree, "resource_version", meta.resource_version);
  if (!meta.labels.empty()) tree["labels"] = meta.labels;
  return tree;
}

ObjectMeta read_meta(const Fields& parent) {
  const Fields fields = parent.object("meta");
  return {fields.get_or<std::string>("namespace", ""), fields.get<std::string>("name"),
          fields.get_or<std::string>("uid", ""), fields.get_or<std::string>("resource_version", ""),
          fields.table<std::string>("labels")};
}

Tree tree_of(const NodeClaim& node) {
  return {{"meta", tree_of(node.meta)}, {"allocatable", node.allocatable}};
}

NodeClaim read_node(const Fields& fields) {
  return {read_meta(fields), fields.table<std::string>("allocatable")};
}

Tree tree_of(const SliceDevice& device) {
  Tree attributes = Tree::object();
  for (const auto& attribute : device.attributes) {
    std::visit([&](const auto& held) { attributes[attribute.first] = held; }, attribute.second);
  }
  return {{"name", device.name}, {"index", device.index}, {"attributes", std::move(attributes)}};
}

void read_attribute(const std::string& name, const Tree& value, const Fields& fields,
                    SliceDevice& device) {
  if (value.is_boolean()) {
    device.attributes[name] = value.get<bool>();
  } else if (value.is_number_integer()) {
    device.attributes[name] = value.get<std::int64_t>();
  } else if (value.is_string()) {
    device.attributes[name] = value.get<std::string>();
  } else {
    fields.complain("attributes", "an object of texts, whole numbers and booleans");
  }
}

SliceDevice read_slice_device(const Fields& fields) {
  SliceDevice device;
  device.name = fields.get<std::string>("name");
  device.index = fields.get_or<std::size_t>("index", 0);
  const Tree* const attributes = fields.find("attributes");
  if (attributes == nullptr) return device;
  for (const auto& [name, value] : attributes->items()) {
    read_attribute(name, value, fields, device);
  }
  return device;
}

Tree tree_of(const SliceClaim& slice) {
  Tree devices = Tree::array();
  for (const auto& device : slice.devices)
    devices.push_back(tree_of(device));
  return {{"meta", tree_of(slice.meta)},    {"driver", slice.driver}, {"pool", slice.pool},
          {"generation", slice.generation}, {"node", slice.node},     {"devices", devices}};
}

SliceClaim read_slice(const Fields& fields) {
  SliceClaim slice;
  slice.meta = read_meta(fields);
  slice.driver = fields.get<std::string>("driver");
  slice.pool = fields.get<std::string>("pool");
  slice.generation = fields.get_or<std::int64_t>("generation", 0);
  slice.node = fields.get_or<std::string>("node", "");
  slice.devices = fields.objects("devices", read_slice_device);
  return slice;
}

Tree tree_of(const AllocatedDevice& device) {
  Tree tree{{"request", device.request},
            {"driver", device.driver},
            {"pool", device.pool},
            {"device", device.device},
            {"admin_access", device.admin_access},
            {"addresses", device.addresses}};
  put(tree, "interface_name", device.interface_name);
  put(tree, "hardware_address", device.hardware_address);
  return tree;
}

AllocatedDevice read_allocated(const Fields& fields) {
  AllocatedDevice device;
  device.request = fields.get_or<std::string>("request", "");
  device.driver = fields.get<std::string>("driver");
  device.pool = fields.get<std::string>("pool");
  device.device = fields.get<std::string>("device");
  device.admin_access = fields.get_or<bool>("admin_access", false);
  device.interface_name = fields.maybe<std::string>("interface_name");
  device.hardware_address = fields.maybe<std::string>("hardware_address");
  device.addresses = fields.list<std::string>("addresses");
  return device;
}

Tree tree_of(const DeviceClaim& claim) {
  Tree devices = Tree::array();
  for (const auto& device : claim.devices)
    devices.push_back(tree_of(device));
  return {{"meta", tree_of(claim.meta)},
          {"devices", std::move(devices)},
          {"allocated", claim.allocated},
          {"reserved_for", claim.reserved_for}};
}

DeviceClaim read_claim(const Fields& fields) {
  DeviceClaim claim;
  claim.meta = read_meta(fields);
  claim.devices = fields.objects("devices", read_allocated);
  claim.allocated = fields.get<bool>("allocated");
  claim.reserved_for = fields.list<std::string>("reserved_for");
  return claim;
}

Tree tree_of(const PodClaim& pod) {
  return {{"meta", tree_of(pod.meta)},
          {"node", pod.node},
          {"phase", pod.phase},
          {"host_network", pod.host_network},
          {"resource_claims", pod.resource_claims},
          {"gang", pod.gang}};
}

PodClaim read_pod(const Fields& fields) {
  PodClaim pod;
  pod.meta = read_meta(fields);
  pod.node = fields.get_or<std::string>("node", "");
  pod.phase = fields.get_or<std::string>("phase", "");
  pod.host_network = fields.get_or<bool>("host_network", false);
  pod.resource_claims = fields.list<std::string>("resource_claims");
  pod.gang = fields.get_or<std::string>("gang", "");
  return pod;
}

Tree tree_of(const PlacementClaim& placement) {
  Tree tree{{"meta", tree_of(placement.meta)},
            {"kind", placement.kind},
            {"least_members", placement.least_members},
            {"required", placement.required},
            {"path", placement.path}};
  put(tree, "one_domain", placement.one_domain);
  return tree;
}

PlacementClaim read_placement(const Fields& fields) {
  PlacementClaim placement;
  placement.meta = read_meta(fields);
  placement.kind = fields.get<std::string>("kind");
  placement.least_members = fields.get_or<std::int64_t>("least_members", 0);
  placement.required = fields.get_or<bool>("required", true);
  placement.path = fields.get_or<std::string>("path", "");
  placement.one_domain = fields.maybe<std::string>("one_domain");
  return placement;
}

Tree tree_of(const Holding& holding) {
  return {{"pod_namespace", holding.pod_namespace},
          {"pod_name", holding.pod_name},
          {"container", holding.container},
          {"resource", holding.resource},
          {"device", holding.device},
          {"driver", holding.driver},
          {"pool", holding.pool},
          {"claim", holding.claim}};
}

Holding read_holding(const Fields& fields) {
  return {fields.get<std::string>("pod_namespace"),    fields.get<std::string>("pod_name"),
          fields.get_or<std::string>("container", ""), fields.get_or<std::string>("resource", ""),
          fields.get<std::string>("device"),           fields.get_or<std::string>("driver", ""),
          fields.get_or<std::string>("pool", ""),      fields.get_or<std::string>("claim", "")};
}

constexpr auto as_tree = [](const auto& item) { return tree_of(item); };

AllocationView read_view(const Fields& fields) {
  AllocationView view;
  view.source = fields.get<std::string>("source");
  view.read_at = fields.get_or<std::string>("read_at", "");
  view.nodes = fields.objects("nodes", read_node);
  view.slices = fields.objects("slices", read_slice);
  view.claims = fields.objects("claims", read_claim);
  view.pods = fields.objects("pods", read_pod);
  view.placements = fields.objects("placements", read_placement);
  view.warnings = fields.list<std::string>("warnings");
  return view;
}

}  // namespace

Tree tree_of(const NodeHoldings& holdings) {
  return {{"schema", "plumbline.holdings/v1"},
          {"node", holdings.node},
          {"source", holdings.source},
          {"holdings", list_of(holdings.holdings, as_tree)}};
}

NodeHoldings read_holdings(const Fields& fields) {
  return {fields.get<std::string>("node"), fields.get_or<std::string>("source", ""),
          fields.objects("holdings", read_holding)};
}

std::string encode(const NodeHoldings& holdings) { return one_line(tree_of(holdings)); }

Result<NodeHoldings> decode_holdings(std::string_view text) { return decode(text, read_holdings); }

std::string encode(const AllocationView& view) {
  return one_line({{"schema", "plumbline.claims/v1"},
                   {"source", view.source},
                   {"read_at", view.read_at},
                   {"nodes", list_of(view.nodes, as_tree)},
                   {"slices", list_of(view.slices, as_tree)},
                   {"claims", list_of(view.claims, as_tree)},
                   {"pods", list_of(view.pods, as_tree)},
                   {"placements", list_of(view.placements, as_tree)},
                   {"warnings", view.warnings}});
}

Result<AllocationView> decode_allocation_view(std::string_view text) {
  return decode(text, read_view);
}

}  // namespace plumbline::json
