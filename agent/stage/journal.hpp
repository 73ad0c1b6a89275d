#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "core/files.hpp"
#include "core/model/measurement.hpp"
#include "core/result.hpp"

namespace plumbline::agent {

/// First line of a journal: whose it is.
struct JournalStart {
  std::string run_id;
  std::string stage_digest;  ///< of the stage file, so that a changed one is not resumed
  std::string started_at;
};

/// In which part of the stage an outcome was measured; each part of a key is finished by itself.
enum class Pass { first, alone };

/// journal.jsonl of one stage: every outcome is on disk before the stage goes on. Thread-safe.
class Journal {
 public:
  /// A new journal. A journal that is there already is a `conflict` that says what to do.
  static Result<Journal> create(const std::filesystem::path& folder, const JournalStart& start);
  /// The journal of an earlier, unfinished or finished stage over the same stage file. A torn last
  /// line is dropped; any other damage is an error that names the line. No journal, or one that was
  /// killed before its first line: `not_found`.
  static Result<Journal> resume(const std::filesystem::path& folder,
                                const std::string& stage_digest);

  Journal(Journal&& other) noexcept;

  /// Keeps an outcome. Returns when it is on disk.
  Status add(Pass pass, const Outcome& outcome);
  /// True when the outcome of that key and pass is kept.
  bool has(Pass pass, const std::string& key) const;
  /// All outcomes of a pass in the order they came.
  std::vector<Outcome> outcomes(Pass pass) const;
  const JournalStart& start() const { return start_; }

 private:
  Journal(AppendFile file, JournalStart start);
  Status read_lines(const std::string& text);

  AppendFile file_;
  JournalStart start_;
  mutable std::mutex mutex_;
  std::map<Pass, std::vector<Outcome>> outcomes_;
  std::map<Pass, std::set<std::string>> keys_;
};

}  // namespace plumbline::agent
