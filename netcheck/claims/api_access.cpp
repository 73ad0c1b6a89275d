#include "netcheck/claims/api_access.hpp"

#include <nlohmann/json.hpp>

#include "core/child.hpp"
#include "core/json/base64.hpp"
#include "netcheck/claims/documents.hpp"
#include "netcheck/claims/fields.hpp"

namespace plumbline::netcheck::claims {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// The entry of a named list ("clusters") with this name.
std::optional<Fields> find_named(const Fields& config, const char* list, const std::string& name) {
  for (const Fields& entry : config.list(list)) {
    if (entry.text("name") == name) return entry;
  }
  return std::nullopt;
}

std::string file_at(const fs::path& folder, const std::string& name) {
  return name.empty() ? name : (folder / name).lexically_normal().string();
}

Result<std::string> data_of(const Fields& fields, const char* name) {
  const std::string text = fields.text(name);
  if (text.empty()) return std::string();
  auto data = json::from_base64(text);
  if (!data) return fail(ErrorCode::invalid_input, std::string(name) + " is not base64");
  return std::move(*data);
}

Status read_cluster(const Fields& cluster, const fs::path& folder, ApiAccess& access) {
  access.server = cluster.text("server");
  while (!access.server.empty() && access.server.back() == '/')
    access.server.pop_back();
  const bool known = access.server.starts_with("https://") || access.server.starts_with("http://");
  if (!known) {
    return fail(ErrorCode::invalid_input,
                "cluster.server is not an http or https address: '" + access.server + "'");
  }
  access.ca_file = file_at(folder, cluster.text("certificate-authority"));
  auto data = data_of(cluster, "certificate-authority-data");
  if (!data) return tl::unexpected(std::move(data.error()));
  access.ca_data = std::move(*data);
  access.tls_server_name = cluster.text("tls-server-name");
  access.insecure = cluster.flag("insecure-skip-tls-verify");
  access.proxy = cluster.text("proxy-url");
  return {};
}

ExecPlugin read_plugin(const Fields& fields, const fs::path& folder) {
  ExecPlugin plugin;
  plugin.command = fields.text("command");
  // As kubectl does: a name with a slash stands on the kubeconfig's folder.
  if (plugin.command.find('/') != std::string::npos)
    plugin.command = file_at(folder, plugin.command);
  plugin.arguments = fields.texts("args");
  plugin.api_version = fields.text("apiVersion");
  plugin.wants_cluster = fields.flag("provideClusterInfo");
  for (const Fields& entry : fields.list("env"))
    plugin.environment.emplace_back(entry.text("name"), entry.text("value"));
  return plugin;
}

Status read_user(const Fields& user, const fs::path& folder, ApiAccess& access) {
  if (user.has("auth-provider")) {
    return fail(
        ErrorCode::invalid_input,
        "the user's auth-provider is of a kind that Kubernetes removed; use an exec plugin");
  }
  if (user.has("username") || user.has("password")) {
    return fail(ErrorCode::invalid_input, "user names with passwords are not supported");
  }
  access.token = user.text("token");
  access.token_file = file_at(folder, user.text("tokenFile"));
  access.certificate_file = file_at(folder, user.text("client-certificate"));
  access.key_file = file_at(folder, user.text("client-key"));
  auto certificate = data_of(user, "client-certificate-data");
  if (!certificate) return tl::unexpected(std::move(certificate.error()));
  auto key = data_of(user, "client-key-data");
  if (!key) return tl::unexpected(std::move(key.error()));
  access.certificate_data = std::move(*certificate);
  access.key_data = std::move(*key);
  if (user.has("exec")) access.exec = read_plugin(user.object("exec"), folder);
  return {};
}

Result<ApiAccess> read_config(const Fields& config, const fs::path& folder, std::string context) {
  if (context.empty()) context = config.text("current-context");
  if (context.empty()) return fail(ErrorCode::invalid_input, "it names no current-context");
  const auto chosen = find_named(config, "contexts", context);
  if (!chosen) return fail(ErrorCode::not_found, "it has no context " + context);
  const Fields body = chosen->object("context");
  const auto cluster = find_named(config, "clusters", body.text("cluster"));
  if (!cluster) {
    return fail(ErrorCode::not_found, "context " + context + " names cluster '" +
                                          body.text("cluster") + "', which it does not have");
  }
  ApiAccess access;
  if (auto read = read_cluster(cluster->object("cluster"), folder, access); !read)
    return tl::unexpected(std::move(read.error()));
  const auto user = find_named(config, "users", body.text("user"));
  if (!user && !body.text("user").empty()) {
    return fail(ErrorCode::not_found, "context " + context + " names user '" + body.text("user") +
                                          "', which it does not have");
  }
  if (user) {
    if (auto read = read_user(user->object("user"), folder, access); !read)
      return tl::unexpected(std::move(read.error()));
  }
  return access;
}

/// KUBERNETES_EXEC_INFO: what the plugin is asked for.
std::string exec_info(const ExecPlugin& plugin, const std::string& server) {
  Json info{{"kind", "ExecCredential"},
            {"apiVersion",
             plugin.api_version.empty() ? "client.authentication.k8s.io/v1" : plugin.api_version},
            {"spec", {{"interactive", false}}}};
  if (plugin.wants_cluster) info["spec"]["cluster"] = {{"server", server}};
  return info.dump();
}

/// All that a child prints, at most 1 MiB.
Result<std::string> output_of(ChildProcess& child, Deadline deadline) {
  std::string text;
  for (;;) {
    auto line = child.read_line(deadline);
    if (!line) return tl::unexpected(std::move(line.error()));
    if (!*line) return text;
    text += **line + "\n";
    if (text.size() > (1U << 20U)) return fail(ErrorCode::invalid_input, "it prints over 1 MiB");
  }
}

}  // namespace

Result<ApiAccess> parse_kubeconfig(std::string_view text, const fs::path& folder,
                                   const std::string& context) {
  const auto documents = parse_yaml(text);
  if (!documents) return tl::unexpected(documents.error());
  if (documents->size() != 1 || !documents->front().is_object())
    return fail(ErrorCode::invalid_input, "is not one YAML object");
  std::string problem;
  const Fields config(documents->front(), "", problem);
  auto access = read_config(config, folder, context);
  if (!problem.empty()) return fail(ErrorCode::invalid_input, problem);
  return access;
}

Result<ApiAccess> load_kubeconfig(const fs::path& file, const std::string& context) {
  auto text = read_file(file, 4U << 20U);
  if (!text) return pass_up(std::move(text.error()), "reading the kubeconfig");
  auto access = parse_kubeconfig(*text, fs::absolute(file).parent_path(), context);
  if (!access) return pass_up(std::move(access.error()), "kubeconfig " + file.string());
  return access;
}

Result<ApiAccess> in_cluster_access(const std::string& host, const std::string& port,
                                    const fs::path& root) {
  if (host.empty() || port.empty()) {
    return fail(ErrorCode::not_found,
                "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is no pod");
  }
  const fs::path folder = root / "var/run/secrets/kubernetes.io/serviceaccount";
  std::error_code ignored;
  if (!fs::exists(folder / "token", ignored)) {
    return fail(ErrorCode::not_found, (folder / "token").string() +
                                          " is not there: the pod mounts no ServiceAccount token");
  }
  ApiAccess access;
  const bool is_v6 = host.find(':') != std::string::npos;
  access.server = "https://" + (is_v6 ? "[" + host + "]" : host) + ":" + port;
  access.ca_file = folder / "ca.crt";
  access.token_file = folder / "token";
  access.no_proxy = true;
  return access;
}

Result<Credentials> parse_exec_credential(std::string_view text) {
  const auto documents = parse_json(text);
  if (!documents) return tl::unexpected(documents.error());
  std::string problem;
  const Fields answer(documents->front(), "", problem);
  const std::string version = answer.text("apiVersion");
  if (answer.text("kind") != "ExecCredential" ||
      (version != "client.authentication.k8s.io/v1" &&
       version != "client.authentication.k8s.io/v1beta1")) {
    return fail(ErrorCode::invalid_input,
                "is no ExecCredential of client.authentication.k8s.io/v1 or v1beta1");
  }
  const Fields status = answer.object("status");
  Credentials credentials{status.text("token"), status.text("clientCertificateData"),
                          status.text("clientKeyData")};
  if (!problem.empty()) return fail(ErrorCode::invalid_input, problem);
  if (credentials.token.empty() && credentials.certificate_data.empty())
    return fail(ErrorCode::invalid_input, "status holds neither a token nor a certificate");
  return credentials;
}

Result<Credentials> run_exec_plugin(const ExecPlugin& plugin, const std::string& server,
                                    Deadline deadline) {
  ChildCommand command{
      plugin.command, plugin.arguments, environment_of({"PATH", "HOME", "USER", "LANG"}), {}};
  for (const auto& [name, value] : plugin.environment)
    command.environment.push_back(name + "=" + value);
  command.environment.push_back("KUBERNETES_EXEC_INFO=" + exec_info(plugin, server));
  const std::string doing = "running the credential plugin " + plugin.command;
  auto child = ChildProcess::start(command);
  if (!child) return pass_up(std::move(child.error()), doing);
  child->close_input();
  auto text = output_of(*child, deadline);
  if (!text) return pass_up(std::move(text.error()), doing);
  const auto exit = child->wait(deadline);
  if (!exit) return pass_up(exit.error(), doing);
  if (exit->status != 0) return fail(ErrorCode::permission_denied, doing + ": it " + exit->text());
  auto credentials = parse_exec_credential(*text);
  if (!credentials) return pass_up(std::move(credentials.error()), doing + ": its answer");
  return credentials;
}

}  // namespace plumbline::netcheck::claims
