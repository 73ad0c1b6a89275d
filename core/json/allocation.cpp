#include "core/json/codec.hpp"
#include "core/json/tree.hpp"

namespace plumbline::json {

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

namespace {

Tree tree_of(const NodeClaim& node) {
  return {{"meta", json::tree_of(node.meta)},
          {"allocatable", node.allocatable},
          {"annotations", node.annotations}};
}

NodeClaim read_node(const Fields& fields) {
  return {read_meta(fields), fields.table<std::string>("allocatable"),
          fields.table<std::string>("annotations")};
}

Tree tree_of(const SliceDevice& device) {
  Tree attributes = Tree::object();
  for (const auto& attribute : device.attributes) {
    std::visit([&](const auto& held) { attributes[attribute.first] = held; }, attribute.second);
  }
  Tree tree{{"name", device.name}, {"index", device.index}, {"attributes", std::move(attributes)}};
  if (!device.capacity.empty()) tree["capacity"] = device.capacity;
  if (!device.taints.empty()) tree["taints"] = device.taints;
  if (!device.counters.empty()) tree["counters"] = device.counters;
  if (device.shared) tree["shared"] = true;
  put_text(tree, "node", device.node);
  return tree;
}

std::vector<std::string> texts_of(const std::string& name, const Tree& list, const Fields& fields) {
  std::vector<std::string> texts;
  for (const Tree& element : list) {
    if (element.is_string()) {
      texts.push_back(element.get<std::string>());
    } else {
      fields.complain(name.c_str(), "a list of texts");
    }
  }
  return texts;
}

void read_attribute(const std::string& name, const Tree& value, const Fields& fields,
                    SliceDevice& device) {
  if (value.is_boolean()) {
    device.attributes[name] = value.get<bool>();
  } else if (value.is_number_integer()) {
    device.attributes[name] = value.get<std::int64_t>();
  } else if (value.is_string()) {
    device.attributes[name] = value.get<std::string>();
  } else if (value.is_array()) {
    device.attributes[name] = texts_of(name, value, fields);
  } else {
    fields.complain("attributes", "an object of texts, whole numbers and booleans");
  }
}

SliceDevice read_slice_device(const Fields& fields) {
  SliceDevice device;
  device.name = fields.get<std::string>("name");
  device.index = fields.get_or<std::size_t>("index", 0);
  device.capacity = fields.table<std::string>("capacity");
  device.taints = fields.list<std::string>("taints");
  device.counters = fields.list<std::string>("counters");
  device.shared = fields.get_or<bool>("shared", false);
  device.node = fields.get_or<std::string>("node", "");
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
  return {{"meta", json::tree_of(slice.meta)}, {"driver", slice.driver}, {"pool", slice.pool},
          {"generation", slice.generation},    {"node", slice.node},     {"devices", devices},
          {"whole_pool", slice.whole_pool}};
}

SliceClaim read_slice(const Fields& fields) {
  SliceClaim slice;
  slice.meta = read_meta(fields);
  slice.driver = fields.get<std::string>("driver");
  slice.pool = fields.get<std::string>("pool");
  slice.generation = fields.get_or<std::int64_t>("generation", 0);
  slice.node = fields.get_or<std::string>("node", "");
  slice.devices = fields.objects("devices", read_slice_device);
  slice.whole_pool = fields.get_or<bool>("whole_pool", true);
  return slice;
}

Tree tree_of(const AllocatedDevice& device) {
  Tree tree{{"request", device.request},
            {"driver", device.driver},
            {"pool", device.pool},
            {"device", device.device},
            {"admin_access", device.admin_access},
            {"addresses", device.addresses}};
  put_text(tree, "share_id", device.share_id);
  if (!device.consumed_capacity.empty()) tree["consumed_capacity"] = device.consumed_capacity;
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
  device.share_id = fields.get_or<std::string>("share_id", "");
  device.consumed_capacity = fields.table<std::string>("consumed_capacity");
  device.interface_name = fields.maybe<std::string>("interface_name");
  device.hardware_address = fields.maybe<std::string>("hardware_address");
  device.addresses = fields.list<std::string>("addresses");
  return device;
}

Tree tree_of(const DeviceRequest& request) {
  return {{"name", request.name},          {"device_class", request.device_class},
          {"count", request.count},        {"all", request.all},
          {"admin", request.admin_access}, {"selectors", request.selectors}};
}

DeviceRequest read_request(const Fields& fields) {
  return {fields.get<std::string>("name"),         fields.get_or<std::string>("device_class", ""),
          fields.get_or<std::int64_t>("count", 1), fields.get_or<bool>("all", false),
          fields.get_or<bool>("admin", false),     fields.list<std::string>("selectors")};
}

Tree tree_of(const DeviceConstraint& constraint) {
  return {{"requests", constraint.requests},
          {"attribute", constraint.attribute},
          {"distinct", constraint.distinct}};
}

DeviceConstraint read_constraint(const Fields& fields) {
  return {fields.list<std::string>("requests"), fields.get<std::string>("attribute"),
          fields.get_or<bool>("distinct", false)};
}

Tree tree_of(const DeviceClaim& claim) {
  Tree devices = Tree::array();
  for (const auto& device : claim.devices)
    devices.push_back(tree_of(device));
  const auto one = [](const auto& item) { return tree_of(item); };
  return {{"meta", json::tree_of(claim.meta)},
          {"is_template", claim.is_template},
          {"requests", list_of(claim.requests, one)},
          {"constraints", list_of(claim.constraints, one)},
          {"node", claim.node},
          {"devices", std::move(devices)},
          {"allocated", claim.allocated},
          {"reserved_for", claim.reserved_for}};
}

DeviceClaim read_claim(const Fields& fields) {
  DeviceClaim claim;
  claim.meta = read_meta(fields);
  claim.is_template = fields.get_or<bool>("is_template", false);
  claim.requests = fields.objects("requests", read_request);
  claim.constraints = fields.objects("constraints", read_constraint);
  claim.node = fields.get_or<std::string>("node", "");
  claim.devices = fields.objects("devices", read_allocated);
  claim.allocated = fields.get<bool>("allocated");
  claim.reserved_for = fields.list<std::string>("reserved_for");
  return claim;
}

Tree tree_of(const DeviceClassClaim& kind) {
  return {{"meta", json::tree_of(kind.meta)},
          {"selectors", kind.selectors},
          {"extended_resource", kind.extended_resource}};
}

DeviceClassClaim read_class(const Fields& fields) {
  return {read_meta(fields), fields.list<std::string>("selectors"),
          fields.get_or<std::string>("extended_resource", "")};
}

Tree tree_of(const PodClaim& pod) {
  Tree tree{{"meta", json::tree_of(pod.meta)},
            {"node", pod.node},
            {"phase", pod.phase},
            {"host_network", pod.host_network},
            {"resource_claims", pod.resource_claims},
            {"gang", pod.gang},
            {"claim_templates", pod.claim_templates},
            {"extended", pod.extended},
            {"containers", pod.containers},
            {"annotations", pod.annotations},
            {"owner", pod.owner},
            {"gated", pod.gated},
            {"unhealthy", pod.unhealthy}};
  put(tree, "rank", pod.rank);
  return tree;
}

PodClaim read_pod(const Fields& fields) {
  PodClaim pod;
  pod.meta = read_meta(fields);
  pod.node = fields.get_or<std::string>("node", "");
  pod.phase = fields.get_or<std::string>("phase", "");
  pod.host_network = fields.get_or<bool>("host_network", false);
  pod.resource_claims = fields.list<std::string>("resource_claims");
  pod.gang = fields.get_or<std::string>("gang", "");
  pod.claim_templates = fields.list<std::string>("claim_templates");
  pod.extended = fields.table<std::int64_t>("extended");
  pod.containers = fields.table<std::string>("containers");
  pod.annotations = fields.table<std::string>("annotations");
  pod.owner = fields.get_or<std::string>("owner", "");
  pod.gated = fields.get_or<bool>("gated", false);
  pod.unhealthy = fields.list<std::string>("unhealthy");
  pod.rank = fields.maybe<std::int64_t>("rank");
  return pod;
}

Tree gaps_of(const AllocationView& view) {
  Tree gaps = Tree::array();
  for (const auto& [kind, gap] : view.gaps)
    gaps.push_back({{"kind", kind}, {"why", gap.why}, {"whole_in", gap.whole_in}});
  return gaps;
}

std::pair<std::string, Gap> read_gap(const Fields& fields) {
  const auto whole_in = fields.list<std::string>("whole_in");
  return {fields.get<std::string>("kind"),
          {fields.get<std::string>("why"), {whole_in.begin(), whole_in.end()}}};
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
  view.classes = fields.objects("classes", read_class);
  view.templates = fields.objects("templates", read_claim);
  read_placements(fields, view);
  view.warnings = fields.list<std::string>("warnings");
  view.whole = fields.get_or<bool>("whole", true);
  for (auto& gap : fields.objects("gaps", read_gap))
    view.gaps.insert(std::move(gap));
  return view;
}

}  // namespace

std::string encode(const AllocationView& view) {
  Tree tree{{"schema", "plumbline.claims/v1"},
            {"source", view.source},
            {"read_at", view.read_at},
            {"nodes", list_of(view.nodes, as_tree)},
            {"slices", list_of(view.slices, as_tree)},
            {"claims", list_of(view.claims, as_tree)},
            {"pods", list_of(view.pods, as_tree)},
            {"classes", list_of(view.classes, as_tree)},
            {"templates", list_of(view.templates, as_tree)},
            {"warnings", view.warnings},
            {"whole", view.whole},
            {"gaps", gaps_of(view)}};
  put_placements(tree, view);
  return one_line(tree);
}

Result<AllocationView> decode_allocation_view(std::string_view text) {
  return decode(text, read_view);
}

}  // namespace plumbline::json
