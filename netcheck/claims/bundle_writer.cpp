#include "netcheck/claims/bundle_writer.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "core/files.hpp"
#include "core/json/codec.hpp"
#include "netcheck/claims/allow_list.hpp"
#include "netcheck/claims/archive.hpp"
#include "netcheck/claims/documents.hpp"
#include "netcheck/claims/json_text.hpp"
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

namespace {

/// How much of one kind was listed.
struct Listed {
  std::string kind;
  std::string api;
  bool to_the_end = false;
  std::set<std::string> names;  ///< each once: a list that expired was begun anew
};

}  // namespace

struct BundleWriter::State {
  fs::path folder;
  bool redact = false;
  std::vector<std::pair<std::string, Json>> documents;  ///< name below the folder
  std::vector<std::pair<std::string, Json>> nodes;      ///< kind, document with a "node"
  std::vector<Json> outcomes;
  std::map<std::string, Listed> listed;  ///< by kind and API version

  /// Notes what a page of a list is worth to whoever reads the bundle.
  void note(const Json& page) {
    const std::string kind = claims::text_of(page, "kind");
    if (!kind.ends_with("List") || kind == "List") return;
    const std::string api = claims::text_of(page, "apiVersion");
    Listed& one = listed[kind.substr(0, kind.size() - 4) + " " + api];
    one.kind = kind.substr(0, kind.size() - 4);
    one.api = api;
    const auto metadata = page.find("metadata");
    one.to_the_end = metadata == page.end() || claims::text_of(*metadata, "continue").empty();
    const auto items = page.find("items");
    if (items == page.end() || !items->is_array()) return;
    for (const Json& item : *items) {
      if (!item.is_object() || !item.contains("metadata")) continue;
      const Json& meta = item["metadata"];
      one.names.insert(claims::text_of(meta, "namespace") + "/" + claims::text_of(meta, "name"));
    }
  }

  /// What was read to the end of its list, so that what is not in the bundle is not there.
  Json recording() const {
    Json all = Json::array();
    for (const auto& [key, one] : listed) {
      if (!one.to_the_end) continue;
      all.push_back({{"kind", one.kind}, {"apiVersion", one.api}, {"objects", one.names.size()}});
    }
    return {{"apiVersion", "plumbline/v1"},
            {"kind", "Recording"},
            {"metadata", {{"name", "plumbline"}}},
            {"listed", all}};
  }

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
    for (const Json& outcome : outcomes)
      names.learn(outcome);
    for (Json& outcome : outcomes)
      names.replace(outcome);
    for (auto* list : {&documents, &nodes}) {
      for (auto& [name, document] : *list)
        names.replace(document);
    }
  }

  static std::string text_of(const Json& document) {
    return document.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
  }

  /// Everything by its name below the bundle.
  std::vector<ArchivedFile> files() const {
    std::vector<ArchivedFile> all;
    for (const auto& [name, document] : documents)
      all.emplace_back(name, text_of(document));
    if (!listed.empty()) all.emplace_back("recording.json", text_of(recording()));
    for (const auto& [kind, document] : nodes) {
      const std::string node = file_name(document.value("node", std::string("node")));
      all.emplace_back("nodes/" + node + "." + kind + ".json", text_of(document));
    }
    std::string lines;
    for (const Json& outcome : outcomes)
      lines += outcome.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    if (!lines.empty()) all.emplace_back("measurements.jsonl", std::move(lines));
    return all;
  }
};

BundleWriter::BundleWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
BundleWriter::BundleWriter(BundleWriter&&) noexcept = default;
BundleWriter& BundleWriter::operator=(BundleWriter&&) noexcept = default;
BundleWriter::~BundleWriter() = default;

Result<BundleWriter> BundleWriter::open(fs::path folder, bool redact) {
  std::error_code problem;
  const bool there = fs::exists(folder, problem);
  if (there && is_archive_name(folder)) {
    return fail(ErrorCode::conflict, folder.string() + " exists; a bundle is never written over");
  }
  if (there && (!fs::is_directory(folder, problem) || !fs::is_empty(folder, problem))) {
    return fail(ErrorCode::conflict, folder.string() + " exists and is not an empty folder");
  }
  auto state = std::make_unique<State>();
  state->folder = std::move(folder);
  state->redact = redact;
  return BundleWriter(std::move(state));
}

Status BundleWriter::add_page(const std::string& resource, const Json& page) {
  state_->note(page);
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

Status BundleWriter::add(const Outcome& outcome) {
  auto parsed = parse_json(json::encode(outcome));
  if (!parsed) return tl::unexpected(std::move(parsed.error()));
  state_->outcomes.push_back(std::move(parsed->front()));
  return {};
}

Status BundleWriter::add_declared(const std::string& declared) {
  auto parsed = parse_json(declared);
  if (!parsed) return tl::unexpected(std::move(parsed.error()));
  state_->documents.emplace_back("declared.json", std::move(parsed->front()));
  return {};
}

Result<std::size_t> BundleWriter::finish() {
  if (state_->redact) state_->hide();
  const auto files = state_->files();
  if (is_archive_name(state_->folder)) {
    const auto bytes = write_archive(files);
    if (!bytes) return tl::unexpected(bytes.error());
    if (auto written = write_file(state_->folder, *bytes); !written)
      return tl::unexpected(std::move(written.error()));
    return files.size();
  }
  std::error_code problem;
  fs::create_directories(state_->folder / "nodes", problem);
  if (problem) return fail_errno(problem.value(), "making " + state_->folder.string());
  for (const auto& [name, text] : files) {
    if (auto written = write_file(state_->folder / name, text); !written)
      return tl::unexpected(std::move(written.error()));
  }
  return files.size();
}

}  // namespace plumbline::netcheck::claims
