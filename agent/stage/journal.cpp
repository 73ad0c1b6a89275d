#include "agent/stage/journal.hpp"

#include <nlohmann/json.hpp>

#include "core/json/codec.hpp"

namespace plumbline::agent {
namespace {

constexpr const char* kFile = "journal.jsonl";
constexpr const char* kSchema = "plumbline.journal/v1";
constexpr std::size_t kJournalMost = 1U << 30U;

const char* word(Pass pass) { return pass == Pass::first ? "first" : "alone"; }

std::string start_line(const JournalStart& start) {
  return nlohmann::ordered_json{{"schema", kSchema},
                                {"entry", "start"},
                                {"run_id", start.run_id},
                                {"stage_digest", start.stage_digest},
                                {"started_at", start.started_at}}
      .dump();
}

/// An entry's outcome stays the codec's own text, so that there is no second form of it.
std::string outcome_line(Pass pass, const Outcome& outcome) {
  return std::string(R"({"entry":"outcome","pass":")") + word(pass) + R"(","outcome":)" +
         json::encode(outcome) + "}";
}

std::string text_of(const nlohmann::json& line, const char* name) {
  const auto field = line.find(name);
  return field != line.end() && field->is_string() ? field->get<std::string>() : "";
}

Result<JournalStart> read_start(const nlohmann::json& line) {
  const bool ours = line.is_object() && text_of(line, "schema") == kSchema;
  if (!ours) return fail(ErrorCode::invalid_input, "line 1 is not the start of a stage's journal");
  return JournalStart{text_of(line, "run_id"), text_of(line, "stage_digest"),
                      text_of(line, "started_at")};
}

struct Entry {
  Pass pass = Pass::first;
  Outcome outcome;
};

Result<Entry> read_entry(const std::string& text) {
  const auto line = nlohmann::json::parse(text, nullptr, false);
  const bool known = line.is_object() && line.contains("outcome") && line.contains("pass");
  if (!known) return fail(ErrorCode::invalid_input, "is not an outcome");
  const auto outcome = json::decode_outcome(line["outcome"].dump());
  if (!outcome) return tl::unexpected(outcome.error());
  return Entry{line["pass"] == word(Pass::first) ? Pass::first : Pass::alone, *outcome};
}

}  // namespace

Journal::Journal(AppendFile file, JournalStart start)
    : file_(std::move(file)), start_(std::move(start)) {}

Journal::Journal(Journal&& other) noexcept
    : file_(std::move(other.file_)),
      start_(std::move(other.start_)),
      outcomes_(std::move(other.outcomes_)),
      keys_(std::move(other.keys_)) {}

Result<Journal> Journal::create(const std::filesystem::path& folder, const JournalStart& start) {
  const auto path = folder / kFile;
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) {
    return fail(ErrorCode::conflict, path.string() +
                                         " is there already: go on with it by --resume, or name "
                                         "another --results folder");
  }
  auto file = AppendFile::open(path);
  if (!file) return tl::unexpected(file.error());
  if (auto written = file->append(start_line(start)); !written) {
    return tl::unexpected(written.error());
  }
  return Journal(std::move(*file), start);
}

Result<Journal> Journal::resume(const std::filesystem::path& folder,
                                const std::string& stage_digest) {
  const auto path = folder / kFile;
  const auto before = read_file(path, kJournalMost);
  if (!before) return tl::unexpected(before.error());
  if (before->find('\n') == std::string::npos) {
    return fail(ErrorCode::not_found, path.string() + " holds no line");
  }
  auto file = AppendFile::open(path);
  if (!file) return tl::unexpected(file.error());
  const std::string whole = before->substr(0, before->rfind('\n') + 1);
  const auto first = nlohmann::json::parse(whole.substr(0, whole.find('\n')), nullptr, false);
  const auto start = read_start(first);
  if (!start) return pass_up(start.error(), path.string());
  if (start->stage_digest != stage_digest) {
    return fail(ErrorCode::conflict, path.string() +
                                         " belongs to another stage file, or this one was changed "
                                         "since; start anew in another --results folder");
  }
  Journal journal(std::move(*file), *start);
  if (auto read = journal.read_lines(whole); !read) return pass_up(read.error(), path.string());
  return journal;
}

Status Journal::read_lines(const std::string& text) {
  std::size_t number = 1;
  for (std::size_t at = text.find('\n') + 1; at < text.size(); ++number) {
    const std::size_t end = text.find('\n', at);
    auto entry = read_entry(text.substr(at, end - at));
    if (!entry) return pass_up(entry.error(), "line " + std::to_string(number + 1));
    keys_[entry->pass].insert(entry->outcome.key());
    outcomes_[entry->pass].push_back(std::move(entry->outcome));
    at = end + 1;
  }
  return {};
}

Status Journal::add(Pass pass, const Outcome& outcome) {
  const std::lock_guard lock(mutex_);
  if (auto kept = file_.append(outcome_line(pass, outcome)); !kept) return kept;
  keys_[pass].insert(outcome.key());
  outcomes_[pass].push_back(outcome);
  return {};
}

bool Journal::has(Pass pass, const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = keys_.find(pass);
  return found != keys_.end() && found->second.contains(key);
}

std::vector<Outcome> Journal::outcomes(Pass pass) const {
  const std::lock_guard lock(mutex_);
  const auto found = outcomes_.find(pass);
  return found == outcomes_.end() ? std::vector<Outcome>{} : found->second;
}

}  // namespace plumbline::agent
