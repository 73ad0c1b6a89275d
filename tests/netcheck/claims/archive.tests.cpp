#include <zlib.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/files.hpp"
#include "netcheck/claims/archive.hpp"
#include "netcheck/claims/bundle_writer.hpp"
#include "netcheck/claims/node_records.hpp"
#include "tests/netcheck/claims/temporary_folder.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Catch::Matchers::ContainsSubstring;
namespace fs = std::filesystem;

const std::vector<ArchivedFile> kFiles{
    {"nodes.json", "{}"},
    {"nodes/" + std::string(120, 'n') + ".topology.json", "long"},
    {"empty", ""}};

/// A plain archive of one entry, its header changed by `change` and summed anew.
template <typename Change>
std::string plain(const std::string& name, Change change) {
  std::string header(512, '\0');
  name.copy(header.data(), 99);
  header.replace(124, 11, "00000000003");
  header[156] = '0';
  header.replace(257, 5, "ustar");
  change(header);
  std::size_t sum = 0;
  for (std::size_t i = 0; i < 512; ++i)
    sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(header[i]);
  char text[8];
  std::snprintf(text, sizeof text, "%06zo", sum);
  header.replace(148, 7, std::string(text, 7));
  std::string data(512, '\0');
  data.replace(0, 3, "abc");
  return header + data + std::string(1024, '\0');
}

std::string plain(const std::string& name) {
  return plain(name, [](std::string&) {});
}

/// A text as gzip packs one file.
std::string zipped(const std::string& text) {
  const TemporaryFolder folder;
  const std::string name = (folder.path() / "x.gz").string();
  gzFile file = gzopen(name.c_str(), "wb");
  REQUIRE(file != nullptr);
  CHECK(gzwrite(file, text.data(), static_cast<unsigned>(text.size())) > 0);
  CHECK(gzclose(file) == Z_OK);
  return read_file(name).value();
}

std::string refused(const std::string& bytes) {
  const auto files = read_archive(bytes);
  REQUIRE_FALSE(files);
  return files.error().message;
}

}  // namespace

TEST_CASE("An archive gives back the files that were put into it, the same bytes every time") {
  const auto bytes = write_archive(kFiles);
  REQUIRE(bytes);
  CHECK(*write_archive(kFiles) == *bytes);
  const auto files = read_archive(*bytes);
  if (!files) FAIL(files.error().message);
  CHECK(*files == kFiles);
}

TEST_CASE("A plain archive is read, and a folder that holds everything taken off") {
  CHECK(read_archive(plain("./pods.json")).value() ==
        std::vector<ArchivedFile>{{"pods.json", "abc"}});
  CHECK(read_archive(plain("bundle/pods.json")).value().front().first == "pods.json");
  CHECK(read_archive(plain("nodes/n.topology.json")).value().front().first ==
        "nodes/n.topology.json");
}

TEST_CASE("What leads out of an archive, links, devices and bombs are refused with a reason") {
  CHECK_THAT(refused(plain("../passwd")), ContainsSubstring("leads out"));
  CHECK_THAT(refused(plain("/etc/passwd")), ContainsSubstring("leads out"));
  CHECK_THAT(refused(plain("a/../../b")), ContainsSubstring("leads out"));
  for (const char type : {'1', '2', '3', '4', '6', '7'}) {
    CHECK_THAT(refused(plain("a", [&](std::string& header) { header[156] = type; })),
               ContainsSubstring("a link or a device"));
  }
  CHECK_THAT(
      refused(plain("a", [](std::string& header) { header.replace(124, 11, "77777777777"); })),
      ContainsSubstring("cut short"));
  CHECK_THAT(
      refused(plain("a", [](std::string& header) { header.replace(124, 11, "not a size "); })),
      ContainsSubstring("cut short"));
  std::string damaged = plain("a");
  damaged[3] = 'x';
  CHECK_THAT(refused(damaged), ContainsSubstring("checksum"));
  CHECK_THAT(refused(plain("a").substr(0, 1024)), ContainsSubstring("end is missing"));
  const std::string twice = plain("a").substr(0, 1024) + plain("a");
  CHECK_THAT(refused(twice), ContainsSubstring("twice"));
  const std::string bytes = *write_archive(kFiles);
  CHECK_THAT(refused(bytes.substr(0, bytes.size() / 2)), ContainsSubstring("compression"));
  CHECK_THAT(refused(""), ContainsSubstring("end is missing"));
  const std::string nothing(512, '\0');
  CHECK(read_archive(nothing).value().empty());
}

TEST_CASE("A bundle is one archive when its name says so, and is read as its folder would be") {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "bundle.tar.gz";
  auto writer = BundleWriter::open(file, false);
  REQUIRE(writer);
  Topology topology;
  topology.node = "n1";
  REQUIRE(writer->add(topology));
  Outcome outcome;
  outcome.probe = "pair_goodput";
  outcome.from = {"n1", "ens1", "rail-a"};
  outcome.to = {"n2", "ens1", "rail-a"};
  outcome.result = Skipped{"busy"};
  REQUIRE(writer->add(outcome));
  REQUIRE(writer->finish().value() == 2);
  fs::path unpacked;
  {
    const auto bundle = BundleFolder::open(file);
    if (!bundle) FAIL(bundle.error().message);
    unpacked = bundle->path();
    CHECK(read_node_records(unpacked).value().front().node == "n1");
    const auto outcomes = read_measurements(unpacked);
    if (!outcomes) FAIL(outcomes.error().message);
    REQUIRE(outcomes->size() == 1);
    CHECK(outcomes->front().key() == outcome.key());
  }
  CHECK_FALSE(fs::exists(unpacked));
  CHECK_FALSE(BundleWriter::open(file, false));
  const auto plain_folder = BundleFolder::open(folder.path());
  REQUIRE(plain_folder);
  CHECK(plain_folder->path() == folder.path());
}

TEST_CASE("A packed file is told by its first bytes, and what cannot be unpacked is named") {
  const TemporaryFolder folder;
  const auto text_in = [&](const std::string& name, const std::string& bytes,
                           const std::string& file) {
    folder.with(name, bytes);
    const auto bundle = BundleFolder::open(folder.path() / name);
    if (!bundle) FAIL(bundle.error().message);
    return read_file(bundle->path() / file).value_or("nothing");
  };
  const std::string packed = *write_archive(kFiles);
  CHECK(text_in("download", packed, kFiles.front().first) == kFiles.front().second);
  CHECK(text_in("tarball.bin", plain("pods.json"), "pods.json") == "abc");
  CHECK(text_in("pods.json.gz", zipped("{}"), "pods.json") == "{}");
  CHECK(text_in("pods.gz", zipped("a: 1"), "pods.yaml") == "a: 1");
  const std::vector<std::pair<std::string, std::string>> strange{{"zstd", "\x28\xb5\x2f\xfd"},
                                                                 {"xz", "\xfd\x37zXZ"},
                                                                 {"bzip2", "BZh9"},
                                                                 {"zip", "PK\x03\x04"}};
  for (const auto& [packer, magic] : strange) {
    folder.with("x.tar", magic);
    const auto bundle = BundleFolder::open(folder.path() / "x.tar");
    REQUIRE_FALSE(bundle);
    CHECK_THAT(bundle.error().message, ContainsSubstring("packed by " + packer));
  }
}

TEST_CASE("A measurement's names become the same pseudonyms as everywhere in the bundle") {
  const TemporaryFolder folder;
  auto writer = BundleWriter::open(folder.path() / "b", true);
  REQUIRE(writer);
  Topology topology;
  topology.node = "secret-node";
  REQUIRE(writer->add(topology));
  Outcome outcome;
  outcome.probe = "pair_goodput";
  outcome.from = {"secret-node", "ens1", "rail-a"};
  outcome.result = Skipped{"busy"};
  REQUIRE(writer->add(outcome));
  REQUIRE(writer->finish());
  const auto node = read_node_records(folder.path() / "b").value().front().node;
  CHECK(node != "secret-node");
  CHECK(read_measurements(folder.path() / "b").value().front().from.node == node);
}

}  // namespace plumbline::netcheck::claims
