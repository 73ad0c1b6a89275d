#include "netcheck/claims/archive.hpp"

#include <zlib.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <optional>
#include <set>
#include <system_error>

#include <stdlib.h>

#include "core/files.hpp"

namespace plumbline::netcheck::claims {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kBlock = 512;
constexpr std::size_t kMostFiles = 51'000;
constexpr std::size_t kMostBytes = 1U << 30U;
constexpr std::size_t kMostName = 1024;
constexpr int kGzip = 15 + 16;  // zlib's way to say: with a gzip header

// A header block of POSIX ustar: where its fields begin.
constexpr std::size_t kName = 0;
constexpr std::size_t kMode = 100;
constexpr std::size_t kSize = 124;
constexpr std::size_t kTime = 136;
constexpr std::size_t kSum = 148;
constexpr std::size_t kType = 156;
constexpr std::size_t kMagic = 257;
constexpr std::size_t kPrefix = 345;

Error wrong(const std::string& what) { return {ErrorCode::invalid_input, "archive: " + what}; }

Result<std::string> inflated(std::string_view bytes) {
  z_stream stream{};
  if (inflateInit2(&stream, kGzip) != Z_OK) return tl::unexpected(wrong("zlib does not start"));
  std::string in(bytes);
  std::string out;
  std::array<char, 65536> piece{};
  stream.next_in = static_cast<Bytef*>(static_cast<void*>(in.data()));
  stream.avail_in = static_cast<uInt>(in.size());
  int state = Z_OK;
  while (state == Z_OK && out.size() <= kMostBytes) {
    stream.next_out = static_cast<Bytef*>(static_cast<void*>(piece.data()));
    stream.avail_out = piece.size();
    state = inflate(&stream, Z_NO_FLUSH);
    out.append(piece.data(), piece.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (out.size() > kMostBytes) return tl::unexpected(wrong("it unpacks to more than 1 GiB"));
  if (state != Z_STREAM_END) return tl::unexpected(wrong("its compression is broken or cut short"));
  return out;
}

std::string_view field(std::string_view header, std::size_t at, std::size_t size) {
  const auto text = header.substr(at, size);
  return text.substr(0, text.find('\0'));
}

/// An octal number, with blanks around it.
std::optional<std::size_t> octal(std::string_view text) {
  while (!text.empty() && text.front() == ' ')
    text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ')
    text.remove_suffix(1);
  std::size_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number, 8);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

/// The sum of a header's bytes, those of the sum itself taken as blanks.
std::size_t sum_of(std::string_view header) {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const bool own = i >= kSum && i < kSum + 8;
    sum += own ? ' ' : static_cast<unsigned char>(header[i]);
  }
  return sum;
}

bool safe(const std::string& name) {
  if (name.empty() || name.size() > kMostName || name.front() == '/') return false;
  if (name.find('\\') != std::string::npos || name.find('\0') != std::string::npos) return false;
  const fs::path path(name);
  return std::none_of(path.begin(), path.end(), [](const fs::path& part) { return part == ".."; });
}

/// "LENGTH path=NAME\n" of a pax header; empty when it has none.
std::string pax_path(std::string_view text) {
  const auto at = text.find(" path=");
  if (at == std::string_view::npos) return {};
  const auto from = at + 6;
  return std::string(text.substr(from, text.find('\n', from) - from));
}

/// Takes the entries of an unpacked archive, one after the other.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  Result<std::vector<ArchivedFile>> all() {
    while (true) {
      if (bytes_.size() - at_ < kBlock) return tl::unexpected(wrong("its end is missing"));
      const auto header = bytes_.substr(at_, kBlock);
      if (header.find_first_not_of('\0') == std::string_view::npos) break;
      if (auto taken = take(header); !taken) return tl::unexpected(std::move(taken.error()));
    }
    return std::move(files_);
  }

 private:
  Status take(std::string_view header) {
    const auto sum = octal(field(header, kSum, 8));
    const auto size = octal(field(header, kSize, 12));
    if (!sum || *sum != sum_of(header)) return tl::unexpected(wrong("a checksum is wrong"));
    at_ += kBlock;
    if (!size || *size > bytes_.size() - at_) return tl::unexpected(wrong("a file is cut short"));
    const auto data = bytes_.substr(at_, *size);
    at_ = std::min(bytes_.size(), at_ + (*size + kBlock - 1) / kBlock * kBlock);
    switch (header[kType]) {
      case 'L':  // GNU: the next entry's name
        long_name_ = std::string(data.substr(0, data.find('\0')));
        return {};
      case 'x':  // pax: of the next entry
        long_name_ = pax_path(data);
        return {};
      case 'g':  // pax: of all, which says nothing here
        return {};
      case '5':
        long_name_.clear();
        return {};
      case '0':
      case '\0':
        return add(header, data);
      default:
        return tl::unexpected(wrong("it holds a link or a device; a bundle holds none"));
    }
  }

  Status add(std::string_view header, std::string_view data) {
    std::string name(field(header, kName, 100));
    const std::string prefix(field(header, kPrefix, 155));
    const bool ustar = header.substr(kMagic, 5) == "ustar";
    if (ustar && header[kMagic + 5] == '\0' && !prefix.empty()) name = prefix + "/" + name;
    if (!long_name_.empty()) name = std::exchange(long_name_, {});
    while (name.starts_with("./"))
      name.erase(0, 2);
    if (!safe(name)) return tl::unexpected(wrong("a name leads out of it"));
    if (!names_.insert(name).second) return tl::unexpected(wrong(name + " is in it twice"));
    if (files_.size() == kMostFiles) return tl::unexpected(wrong("more than 51000 files"));
    files_.emplace_back(std::move(name), std::string(data));
    return {};
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::string long_name_;
  std::set<std::string> names_;
  std::vector<ArchivedFile> files_;
};

/// `tar czf b.tar.gz bundle/` puts everything below one folder.
void take_off_folder(std::vector<ArchivedFile>& files) {
  if (files.empty()) return;
  const std::string first = files.front().first;
  const auto slash = first.find('/');
  if (slash == std::string::npos || first.substr(0, slash) == "nodes") return;
  const std::string folder = first.substr(0, slash + 1);
  const bool all = std::all_of(files.begin(), files.end(),
                               [&](const auto& file) { return file.first.starts_with(folder); });
  for (auto& [name, text] : files) {
    if (all) name.erase(0, folder.size());
  }
}

void put(std::string& header, std::size_t at, std::string_view text) {
  std::copy(text.begin(), text.end(), header.begin() + static_cast<std::ptrdiff_t>(at));
}

std::string octal_text(std::size_t number, int digits) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%0*zo", digits, number);
  return text.data();
}

void add_entry(std::string& tar, const std::string& name, char type, const std::string& data) {
  std::string header(kBlock, '\0');
  put(header, kName, name.substr(0, 100));
  put(header, kMode, "0000644");
  put(header, kMode + 8, "0000000");
  put(header, kMode + 16, "0000000");
  put(header, kSize, octal_text(data.size(), 11));
  put(header, kTime, "00000000000");
  header[kType] = type;
  put(header, kMagic, std::string_view("ustar\00000", 8));
  put(header, kSum, octal_text(sum_of(header), 6) + std::string("\0 ", 2));
  tar += header + data;
  tar.append((kBlock - data.size() % kBlock) % kBlock, '\0');
}

Result<std::string> deflated(std::string tar) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) !=
      Z_OK)
    return tl::unexpected(wrong("zlib does not start"));
  std::string out(deflateBound(&stream, tar.size()) + 64, '\0');
  stream.next_in = static_cast<Bytef*>(static_cast<void*>(tar.data()));
  stream.avail_in = static_cast<uInt>(tar.size());
  stream.next_out = static_cast<Bytef*>(static_cast<void*>(out.data()));
  stream.avail_out = static_cast<uInt>(out.size());
  const int state = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (state != Z_STREAM_END) return tl::unexpected(wrong("it cannot be compressed"));
  return out;
}

/// A folder of this run's own, below TMPDIR or /tmp.
Result<fs::path> fresh_folder() {
  std::error_code problem;
  const fs::path base = fs::temp_directory_path(problem);
  if (problem) return fail_errno(problem.value(), "looking for a folder to unpack to");
  std::string name = (base / "plumbline-bundle-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) return fail_errno(errno, "making " + name);
  return fs::path(name);
}

Status unpack(const std::vector<ArchivedFile>& files, const fs::path& folder) {
  for (const auto& [name, text] : files) {
    std::error_code problem;
    const fs::path file = folder / name;
    fs::create_directories(file.parent_path(), problem);
    if (problem) return fail_errno(problem.value(), "making " + file.parent_path().string());
    if (auto written = write_file(file, text); !written) return written;
  }
  return {};
}

}  // namespace

Result<std::vector<ArchivedFile>> read_archive(std::string_view bytes) {
  std::string unpacked;
  if (bytes.size() > kMostBytes) return tl::unexpected(wrong("it is over 1 GiB"));
  if (bytes.starts_with("\x1f\x8b")) {
    auto text = inflated(bytes);
    if (!text) return tl::unexpected(std::move(text.error()));
    unpacked = std::move(*text);
    bytes = unpacked;
  }
  auto files = Reader(bytes).all();
  if (files) take_off_folder(*files);
  return files;
}

Result<std::string> write_archive(const std::vector<ArchivedFile>& files) {
  std::string tar;
  for (const auto& [name, text] : files) {
    if (!safe(name)) return tl::unexpected(wrong("no name for a file: " + name));
    if (name.size() > 100) add_entry(tar, "././@LongLink", 'L', name + '\0');
    add_entry(tar, name, '0', text);
    if (tar.size() > kMostBytes) return tl::unexpected(wrong("more than 1 GiB"));
  }
  tar.append(2 * kBlock, '\0');
  return deflated(std::move(tar));
}

namespace {

bool is_gzip(std::string_view head) { return head.starts_with("\x1f\x8b"); }
bool is_tar(std::string_view head) {
  return head.size() > kMagic && head.substr(kMagic).starts_with("ustar");
}

/// What packed a file by a way that is not read here; empty for all else.
std::string strange_packer(std::string_view head) {
  using namespace std::string_view_literals;
  constexpr std::array<std::pair<std::string_view, const char*>, 4> kPackers{
      {{"\x28\xb5\x2f\xfd"sv, "zstd"},
       {"\xfd\x37zXZ"sv, "xz"},
       {"BZh"sv, "bzip2"},
       {"PK\x03\x04"sv, "zip"}}};
  for (const auto& [magic, name] : kPackers) {
    if (head.starts_with(magic)) return name;
  }
  return {};
}

/// The first block of a file; what cannot be read has none, and reading it whole will say why.
std::string head_of(const fs::path& file) {
  std::string head(kBlock, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
  return head;
}

/// The files of something packed whatever it is called: an archive, or one file by gzip.
Result<std::vector<ArchivedFile>> read_packed(std::string_view bytes, const fs::path& path) {
  if (!is_gzip(bytes)) return read_archive(bytes);
  auto text = inflated(bytes);
  if (!text) return tl::unexpected(std::move(text.error()));
  if (is_tar(*text)) return read_archive(*text);
  std::string name = path.stem().string();
  const std::string ending = fs::path(name).extension().string();
  if (ending != ".json") name += ending == ".yaml" || ending == ".yml" ? "" : ".yaml";
  return std::vector<ArchivedFile>{{std::move(name), std::move(*text)}};
}

}  // namespace

bool is_archive_name(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.ends_with(".tar.gz") || name.ends_with(".tgz") || name.ends_with(".tar");
}

Result<BundleFolder> BundleFolder::open(const fs::path& bundle) {
  std::error_code ignored;
  if (!fs::is_regular_file(bundle, ignored)) return BundleFolder(bundle, false);
  const std::string head = head_of(bundle);
  if (const std::string packer = strange_packer(head); !packer.empty()) {
    return fail(ErrorCode::invalid_input,
                bundle.string() + " is packed by " + packer +
                    ", which is not read: unpack it, and name the folder");
  }
  if (!is_archive_name(bundle) && !is_gzip(head) && !is_tar(head))
    return BundleFolder(bundle, false);
  auto bytes = read_file(bundle, kMostBytes);
  if (!bytes) return tl::unexpected(std::move(bytes.error()));
  auto files = is_archive_name(bundle) ? read_archive(*bytes) : read_packed(*bytes, bundle);
  if (!files) return pass_up(std::move(files.error()), bundle.string());
  auto folder = fresh_folder();
  if (!folder) return tl::unexpected(std::move(folder.error()));
  BundleFolder made(std::move(*folder), true);
  if (auto done = unpack(*files, made.path()); !done)
    return tl::unexpected(std::move(done.error()));
  return made;
}

BundleFolder::BundleFolder(BundleFolder&& other) noexcept
    : path_(std::move(other.path_)), own_(std::exchange(other.own_, false)) {}

BundleFolder& BundleFolder::operator=(BundleFolder&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(own_, other.own_);
  return *this;
}

BundleFolder::~BundleFolder() {
  std::error_code ignored;
  if (own_) fs::remove_all(path_, ignored);
}

}  // namespace plumbline::netcheck::claims
