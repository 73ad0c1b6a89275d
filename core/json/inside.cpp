#include "core/json/inside.hpp"

namespace plumbline::json {
namespace {

Tree tree_of(const DeviceNode& node) {
  Tree tree{{"path", node.path}, {"kind", node.kind}, {"opens", node.opens}};
  put_text(tree, "device", node.device);
  put_text(tree, "number", node.number);
  put_text(tree, "problem", node.problem);
  if (node.stand_in) tree["stand_in"] = true;
  return tree;
}

DeviceNode read_node(const Fields& fields) {
  DeviceNode node;
  node.path = fields.get<std::string>("path");
  node.kind = fields.get<std::string>("kind");
  node.opens = fields.get<bool>("opens");
  node.device = fields.get_or<std::string>("device", "");
  node.number = fields.get_or<std::string>("number", "");
  node.problem = fields.get_or<std::string>("problem", "");
  node.stand_in = fields.get_or<bool>("stand_in", false);
  return node;
}

}  // namespace

Tree tree_of(const InsideView& inside) {
  Tree tree;
  tree["device_nodes"] = list_of(inside.nodes, [](const auto& node) { return tree_of(node); });
  tree["environment"] = Tree::object();
  for (const auto& [name, value] : inside.environment)
    tree["environment"][name] = value;
  tree["cpus"] = inside.cpus;
  tree["memory_nodes"] = inside.memory_nodes;
  tree["problems"] = inside.problems;
  return tree;
}

InsideView read_inside(const Fields& fields) {
  InsideView inside;
  inside.nodes = fields.objects("device_nodes", read_node);
  inside.environment = fields.table<std::string>("environment");
  inside.cpus = fields.list<int>("cpus");
  inside.memory_nodes = fields.list<int>("memory_nodes");
  inside.problems = fields.list<std::string>("problems");
  return inside;
}

}  // namespace plumbline::json
