#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/target.hpp"

namespace {

void feed(const std::string& text) {
  const std::vector<std::uint8_t> bytes(text.begin(), text.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

/// The input itself, every shorter beginning of it, and copies with one byte changed, in fixed
/// steps.
void feed_around(const std::string& text) {
  constexpr std::size_t most_variants = 100;
  const std::size_t step = text.size() / most_variants + 1;
  feed(text);
  for (std::size_t at = 0; at < text.size(); at += step) {
    feed(text.substr(0, at));
    for (const char changed : {'\0', '"', '[', static_cast<char>(text[at] ^ 0x80)}) {
      std::string variant = text;
      variant[at] = changed;
      feed(variant);
    }
  }
}

}  // namespace

/// Replays every file of a corpus folder through the fuzz target that is linked in.
int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: %s CORPUS\n", arguments[0]);
    return 64;
  }
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(arguments[1])) {
    std::ifstream stream(entry.path(), std::ios::binary);
    feed_around({std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()});
    ++files;
  }
  std::printf("%d corpus files, each whole, cut short and changed\n", files);
  return files > 0 ? 0 : 1;
}
