#include "netcheck/claims/bundle_writer.hpp"

#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>
#include <vector>

#include "core/files.hpp"
#include "core/json/codec.hpp"
#include "netcheck/claims/allow_list.hpp"
#include "netcheck/claims/documents.hpp"
#include "netcheck/claims/pseudonyms.hpp"

namespace plumbline::netcheck::claims {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// A name that is safe as a file's: letters, digits, dot and dash.
std::string file_name(const std::string& text) {
  std::string name;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '.' || c == '-';
    name += plain ? c : '_';
  }
  return name.empty() || name.front() == '.' ? "_" + name : name;
}

/// Takes out what names cannot be replaced in: parts of compressed names and patterns. What is left
/// can only be unobservable; a wrong name would accuse.
void drop_parts_of_names(Json& document) {
  if (document.is_object() && document.contains("levels")) document.erase("slices");
  if (document.is_object()) document.erase("regexMatch");
  if (!document.is_structured()) return;
  for (Json& value : document)
    drop_parts_of_names(value);
}

}  // namespace

struct BundleWriter::State {
  fs::path folder;
  bool redact = false;
  std::vector<std::pair<std::string, Json>> documents;  ///< name below the folder
  std::vector<std::pair<std::string, Json>> nodes;      ///< kind, document with a "node"

  Status add_node(const std::string& kind, const std::string& text) {
    auto parsed = parse_json(text);
    if (!parsed) return tl::unexpected(std::move(parsed.error()));
    nodes.emplace_back(kind, std::move(parsed->front()));
    return {};
  }

  void hide() {
    for (auto& [name, document] : documents)
      drop_parts_of_names(document);
    Pseudonyms names;
    for (const auto* list : {&documents, &nodes}) {
      for (const auto& [name, document] : *list)
        names.learn(document);
    }
    for (auto* list : {&documents, &nodes}) {
      for (auto& [name, document] : *list)
        names.replace(document);
    }
  }

  Status write(const fs::path& file, const Json& document) const {
    return write_file(file, document.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
  }
};

BundleWriter::BundleWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
BundleWriter::BundleWriter(BundleWriter&&) noexcept = default;
BundleWriter& BundleWriter::operator=(BundleWriter&&) noexcept = default;
BundleWriter::~BundleWriter() = default;

Result<BundleWriter> BundleWriter::open(fs::path folder, bool redact) {
  std::error_code problem;
  if (fs::exists(folder, problem) &&
      (!fs::is_directory(folder, problem) || !fs::is_empty(folder, problem))) {
    return fail(ErrorCode::conflict, folder.string() + " exists and is not an empty folder");
  }
  auto state = std::make_unique<State>();
  state->folder = std::move(folder);
  state->redact = redact;
  return BundleWriter(std::move(state));
}

Status BundleWriter::add_page(const std::string& resource, const Json& page) {
  const std::string number = std::to_string(state_->documents.size());
  state_->documents.emplace_back(file_name(resource) + "-" + number + ".json", allowed(page));
  return {};
}

Status BundleWriter::add(const Topology& topology) {
  return state_->add_node("topology", json::encode(topology));
}

Status BundleWriter::add(const NodeHoldings& holdings) {
  return state_->add_node("holdings", json::encode(holdings));
}

Result<std::size_t> BundleWriter::finish() {
  if (state_->redact) state_->hide();
  std::error_code problem;
  fs::create_directories(state_->folder / "nodes", problem);
  if (problem) return fail_errno(problem.value(), "making " + state_->folder.string());
  for (const auto& [name, document] : state_->documents) {
    if (auto written = state_->write(state_->folder / name, document); !written)
      return tl::unexpected(std::move(written.error()));
  }
  for (const auto& [kind, document] : state_->nodes) {
    const std::string node = file_name(document.value("node", std::string("node")));
    if (auto written =
            state_->write(state_->folder / "nodes" / (node + "." + kind + ".json"), document);
        !written) {
      return tl::unexpected(std::move(written.error()));
    }
  }
  return state_->documents.size() + state_->nodes.size();
}

}  // namespace plumbline::netcheck::claims
