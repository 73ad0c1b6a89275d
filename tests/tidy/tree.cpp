#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string_view>

#include "tests/tidy/rules.hpp"

namespace plumbline::tidy {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 11> kFolders = {
    "core",   "probes", "collectives", "netcheck", "reports", "agent",
    "deploy", "tests",  "cmake",       "docs",     ".ci"};

constexpr std::array<std::string_view, 4> kLeftOut = {"node_modules", "dist", "__pycache__",
                                                      "fixtures"};

constexpr std::array<std::string_view, 14> kKinds = {".cpp",  ".hpp", ".h",     ".cu", ".cmake",
                                                     ".txt",  ".md",  ".py",    ".sh", ".awk",
                                                     ".yaml", ".yml", ".proto", ".ts"};

bool among(std::string_view word, const auto& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string read_text(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

/// Files of the listed kKinds, and scripts that have no extension.
bool is_ours(const fs::path& path, std::string_view text) {
  const auto extension = path.extension().string();
  return among(extension, kKinds) || (extension.empty() && text.starts_with("#!"));
}

void read_folder(const fs::path& root, const fs::path& folder, Tree& tree) {
  std::error_code error;
  fs::recursive_directory_iterator walk(folder, error);
  for (; !error && walk != fs::recursive_directory_iterator(); walk.increment(error)) {
    if (walk->is_directory() && among(walk->path().filename().string(), kLeftOut)) {
      walk.disable_recursion_pending();
    }
    if (!walk->is_regular_file() || walk->is_symlink()) continue;
    const auto text = read_text(walk->path());
    if (!is_ours(walk->path(), text)) continue;
    tree.push_back(read_source(walk->path().lexically_relative(root).generic_string(), text));
  }
}

/// The CMakeLists.txt of each folder, as one text.
std::map<std::string, std::string> build_files(const Tree& tree) {
  std::map<std::string, std::string> texts;
  for (const auto& file : tree) {
    const fs::path path(file.path);
    if (path.filename() != "CMakeLists.txt") continue;
    auto& text = texts[path.parent_path().generic_string()];
    for (const auto& line : file.lines)
      text += line.substr(0, line.find('#')) + "\n";
  }
  return texts;
}

/// Whether a name may start here: behind a blank or bracket, or behind `${...}/`.
bool starts_name(const std::string& text, std::size_t at) {
  constexpr std::string_view before = " \t\n(\"";
  if (at == 0 || before.find(text[at - 1]) != std::string_view::npos) return true;
  return at > 1 && text[at - 1] == '/' && text[at - 2] == '}';
}

/// Whether a list of sources has this very name, not another name's end.
bool names(const std::string& text, const std::string& name) {
  constexpr std::string_view behind = " \t\n)\"";
  for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    const auto end = at + name.size();
    const bool ends = end == text.size() || behind.find(text[end]) != std::string_view::npos;
    if (ends && starts_name(text, at)) return true;
  }
  return false;
}

bool is_named(const std::map<std::string, std::string>& texts, const fs::path& path) {
  return std::any_of(texts.begin(), texts.end(), [&](const auto& entry) {
    return names(entry.second, path.lexically_relative(entry.first).generic_string());
  });
}

void add(Problems& problems, Problems more) {
  std::move(more.begin(), more.end(), std::back_inserter(problems));
}

}  // namespace

Problems check_dead_files(const Tree& tree) {
  const auto texts = build_files(tree);
  Problems problems;
  for (const auto& file : tree) {
    if (!file.path.ends_with(".cpp") || is_named(texts, file.path)) continue;
    problems.push_back({file.path, 0, "no CMakeLists.txt names it: add it there, or delete it"});
  }
  return problems;
}

Problems check_all(const Tree& tree) {
  Problems problems = check_dead_files(tree);
  for (const auto& file : tree) {
    add(problems, check_arrows(file));
    add(problems, check_vendor_headers(file));
    add(problems, check_banned_words(file));
    add(problems, check_directives(file));
    add(problems, check_sizes(file));
    add(problems, check_text(file));
    add(problems, check_header_guard(file));
  }
  return problems;
}

Tree read_tree(const std::string& root) {
  Tree tree;
  for (const auto folder : kFolders)
    read_folder(root, fs::path(root) / folder, tree);
  for (const std::string name :
       {"CMakeLists.txt", "README.md", "CHANGELOG.md", "CONTRIBUTING.md"}) {
    const auto path = fs::path(root) / name;
    if (fs::exists(path)) tree.push_back(read_source(name, read_text(path)));
  }
  std::sort(tree.begin(), tree.end(),
            [](const auto& one, const auto& other) { return one.path < other.path; });
  return tree;
}

}  // namespace plumbline::tidy
