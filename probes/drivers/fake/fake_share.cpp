#include "probes/drivers/fake/fake_share.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

#include "core/files.hpp"

namespace plumbline::probes {

namespace {

constexpr std::size_t kFileMost = 1U << 20U;
constexpr const char* kCount = "-count";

std::filesystem::path place_of(const std::string& name) {
  std::error_code error;
  const auto folder = std::filesystem::temp_directory_path(error);
  return (error ? std::filesystem::path("/tmp") : folder) / name;
}

bool is_name(const std::string& text) {
  return text.rfind("plumbline-fake-", 0) == 0 && text.size() <= 80 &&
         std::all_of(text.begin(), text.end(), [](unsigned char letter) {
           return std::isalnum(letter) != 0 || letter == '-';
         });
}

/// A reader sees the text before or the text after, never half of one. Both ends may put at once:
/// each writes a file of its own first.
Status put(const std::string& name, const std::string& text) {
  const auto place = place_of(name);
  const auto writer = std::hash<std::thread::id>()(std::this_thread::get_id());
  const auto fresh =
      place.string() + "-" + std::to_string(::getpid()) + "-" + std::to_string(writer);
  std::ofstream file(fresh, std::ios::trunc);
  file << text;
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(fresh, place, error);
  if (!file || error) return fail(ErrorCode::unavailable, "described memory could not be shared");
  return {};
}

}  // namespace

std::string share_words(const FakeShare& share) {
  return "fake " + share.name + " " + share.uuid + " " + std::to_string(share.size) +
         (share.domain.empty() ? "" : " " + share.domain);
}

Result<FakeShare> read_share_words(const std::string& words) {
  std::istringstream text(words);
  std::string kind;
  FakeShare share;
  const bool good = static_cast<bool>(text >> kind >> share.name >> share.uuid >> share.size) &&
                    kind == "fake" && is_name(share.name) && share.size > 0;
  text >> share.domain;
  if (good) return share;
  return fail(ErrorCode::invalid_input, "no handle of described memory");
}

Status save_share(const std::string& name, const FakeRegion& region) {
  std::ostringstream text;
  for (const auto& [at, content] : region.content())
    text << at << ' ' << content.known << ' ' << content.seed << ' ' << content.shift << '\n';
  return put(name, text.str());
}

Status load_share(const std::string& name, FakeRegion& region) {
  const auto text = read_file(place_of(name).string(), kFileMost);
  if (!text) return {};
  std::istringstream lines(*text);
  std::uint64_t at = 0;
  FakeContent content;
  while (lines >> at >> content.known >> content.seed >> content.shift)
    region.write(at, region.size().count, content);
  return {};
}

Status add_received(const std::string& name, std::uint64_t bytes) {
  return put(name + kCount, std::to_string(received_of(name) + bytes));
}

std::uint64_t received_of(const std::string& name) {
  const auto text = read_file(place_of(name + kCount).string(), kFileMost);
  std::uint64_t received = 0;
  if (text) std::istringstream(*text) >> received;
  return received;
}

void remove_share(const std::string& name) {
  std::error_code ignored;
  std::filesystem::remove(place_of(name), ignored);
  std::filesystem::remove(place_of(name + kCount), ignored);
}

}  // namespace plumbline::probes
