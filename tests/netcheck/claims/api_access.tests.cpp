#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "netcheck/claims/api_access.hpp"
#include "tests/netcheck/claims/temporary_folder.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Catch::Matchers::ContainsSubstring;

const std::string config = R"(
apiVersion: v1
kind: Config
current-context: main
clusters:
- name: one
  cluster:
    server: "https://10.0.0.1:6443/"
    certificate-authority: pki/ca.crt
    tls-server-name: api.test
    proxy-url: "http://proxy:3128"
- name: two
  cluster:
    server: "https://[fd00::1]:6443"
    certificate-authority-data: Y2E=
    insecure-skip-tls-verify: true
users:
- {name: cert, user: {client-certificate-data: Y2VydA==, client-key-data: a2V5}}
- {name: token, user: {token: secret}}
- {name: file, user: {tokenFile: token}}
- name: plugin
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      command: ./get-token
      args: [a, "b c"]
      env: [{name: REGION, value: r1}]
      provideClusterInfo: true
- {name: legacy, user: {auth-provider: {name: gcp}}}
- {name: basic, user: {username: u, password: p}}
contexts:
- {name: main, context: {cluster: one, user: cert}}
- {name: token, context: {cluster: two, user: token}}
- {name: file, context: {cluster: one, user: file}}
- {name: plugin, context: {cluster: one, user: plugin}}
- {name: legacy, context: {cluster: one, user: legacy}}
- {name: basic, context: {cluster: one, user: basic}}
- {name: lost, context: {cluster: three, user: token}}
- {name: nobody, context: {cluster: one, user: none}}
)";

ApiAccess access(const std::string& context) {
  auto read = parse_kubeconfig(config, "/etc/kube", context);
  if (!read) FAIL(read.error().message);
  return *read;
}

std::string refusal(const std::string& text, const std::string& context) {
  const auto read = parse_kubeconfig(text, "/etc/kube", context);
  REQUIRE_FALSE(read);
  return read.error().message;
}

}  // namespace

TEST_CASE("A kubeconfig's current context is read with files beside it") {
  const ApiAccess main = access("");
  CHECK(main.server == "https://10.0.0.1:6443");
  CHECK(main.ca_file == "/etc/kube/pki/ca.crt");
  CHECK(main.tls_server_name == "api.test");
  CHECK(main.proxy == "http://proxy:3128");
  CHECK(main.certificate_data == "cert");
  CHECK(main.key_data == "key");
  CHECK_FALSE(main.insecure);
}

TEST_CASE("Every other context is read by its name") {
  CHECK(access("token").token == "secret");
  CHECK(access("token").ca_data == "ca");
  CHECK(access("token").insecure);
  CHECK(access("file").token_file == "/etc/kube/token");
  const ApiAccess plugin = access("plugin");
  REQUIRE(plugin.exec);
  CHECK(plugin.exec->command == "/etc/kube/get-token");
  CHECK(plugin.exec->arguments == std::vector<std::string>{"a", "b c"});
  CHECK(plugin.exec->environment.front().second == "r1");
  CHECK(plugin.exec->wants_cluster);
}

TEST_CASE("A kubeconfig that cannot be used says which part") {
  CHECK_THAT(refusal(config, "none"), ContainsSubstring("no context none"));
  CHECK_THAT(refusal(config, "lost"), ContainsSubstring("cluster 'three'"));
  CHECK_THAT(refusal(config, "nobody"), ContainsSubstring("user 'none'"));
  CHECK_THAT(refusal(config, "legacy"), ContainsSubstring("auth-provider"));
  CHECK_THAT(refusal(config, "basic"), ContainsSubstring("passwords are not supported"));
  CHECK_THAT(refusal("[]", ""), ContainsSubstring("not one YAML object"));
  CHECK_THAT(refusal("a: [", ""), ContainsSubstring("not YAML"));
  CHECK_THAT(refusal("{}", ""), ContainsSubstring("no current-context"));
  CHECK_THAT(refusal("current-context: 7", ""), ContainsSubstring("not text"));
  CHECK_THAT(refusal("{current-context: c, contexts: [{name: c, context: {cluster: k}}], clusters: "
                     "[{name: k, cluster: {server: 'file:///etc/passwd'}}]}",
                     ""),
             ContainsSubstring("not an http or https address"));
  CHECK_THAT(
      refusal("{current-context: c, contexts: [{name: c, context: {cluster: k}}], clusters: "
              "[{name: k, cluster: {server: 'https://a', certificate-authority-data: '%'}}]}",
              ""),
      ContainsSubstring("not base64"));
}

TEST_CASE("A pod's own access needs its ServiceAccount") {
  const TemporaryFolder folder;
  CHECK_FALSE(in_cluster_access("", "", folder.path()));
  const auto without = in_cluster_access("10.0.0.1", "443", folder.path());
  REQUIRE_FALSE(without);
  CHECK_THAT(without.error().message, ContainsSubstring("mounts no ServiceAccount token"));
  const auto account = folder.path() / "var/run/secrets/kubernetes.io/serviceaccount";
  std::filesystem::create_directories(account);
  std::ofstream(account / "token") << "t";
  const auto with = in_cluster_access("fd00::1", "443", folder.path());
  REQUIRE(with);
  CHECK(with->server == "https://[fd00::1]:443");
  CHECK(with->no_proxy);
}

TEST_CASE("A credential plugin is run without a shell, and its answer is held to its form") {
  const auto deadline = Deadline::after(std::chrono::seconds(10));
  const auto echo = [&](const std::string& text) {
    return run_exec_plugin({"printf", {"%s", text}, {}, "", false}, "https://a", deadline);
  };
  const auto good =
      echo(R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",)"
           R"("status":{"token":"t"}})");
  REQUIRE(good);
  CHECK(good->token == "t");
  CHECK_FALSE(echo("{}"));
  CHECK_FALSE(echo("no JSON"));
  CHECK_FALSE(echo(R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",)"
                   R"("status":{}})"));
  CHECK_FALSE(run_exec_plugin({"false", {}, {}, "", false}, "https://a", deadline));
  CHECK_FALSE(run_exec_plugin({"/no/such/plugin", {}, {}, "", false}, "https://a", deadline));
}

TEST_CASE("A credential plugin sees what it was given and nothing else") {
  ExecPlugin plugin{"env", {}, {{"REGION", "r1"}}, "", true};
  const auto answer =
      run_exec_plugin(plugin, "https://a", Deadline::after(std::chrono::seconds(10)));
  REQUIRE_FALSE(answer);
  CHECK_THAT(answer.error().message, ContainsSubstring("its answer"));
}

}  // namespace plumbline::netcheck::claims
