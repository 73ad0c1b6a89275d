#include "probes/pod_of_process.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/probes/tree.hpp"

using namespace plumbline;
using namespace plumbline::probes;

namespace {

constexpr const char* kUid = "0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9";

}  // namespace

TEST_CASE("A process's pod is read from its cgroup, as either cgroup driver writes it") {
  CHECK(pod_uid_in("0::/kubepods/burstable/pod0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9/abc\n") == kUid);
  CHECK(pod_uid_in("0::/kubepods.slice/kubepods-pod0f1e2d3c_4b5a_4978_8695_a4b3c2d1e0f9.slice/"
                   "cri-containerd-abc.scope\n") == kUid);
  CHECK(pod_uid_in("12:cpu:/\n4:memory:/kubepods/besteffort/"
                   "pod0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9/abc\n") == kUid);
  CHECK(pod_uid_in("0::/kubepods/pod0123456789abcdef0123456789abcdef/abc\n") ==
        "0123456789abcdef0123456789abcdef");
}

TEST_CASE("A process outside of pods has none, whatever its cgroup is called") {
  for (const char* const text :
       {"", "0::/", "0::/system.slice/podman.service", "0::/kubepods/burstable",
        "0::/kubepods/podx", "0::/user/pod0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9",
        "0::/kubepods/pod0f1e2d3c-4b5a-4978-8695", "0::/kubepods/spod0f1e2d3c-4b5a-4978-8695-a4b3"})
    CHECK(pod_uid_in(text).empty());
}

TEST_CASE("A process that is not seen here has no pod") {
  const Tree tree;
  tree.file("proc/7/cgroup", "0::/kubepods/pod0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9/abc\n");
  CHECK(pod_of_process(FileTree(tree.root().string()), 7) == kUid);
  CHECK(pod_of_process(FileTree(tree.root().string()), 8).empty());
}
