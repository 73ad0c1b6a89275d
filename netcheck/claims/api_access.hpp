#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "core/files.hpp"
#include "core/result.hpp"

namespace plumbline::netcheck::claims {

/// A program that a kubeconfig names to get credentials from.
struct ExecPlugin {
  std::string command;
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string api_version;  ///< client.authentication.k8s.io/v1 or v1beta1
  bool wants_cluster = false;
};

/// How to reach an API server, and as whom. Data fields hold PEM text; files are read again when
/// they change.
struct ApiAccess {
  std::string server;  ///< "https://10.0.0.1:6443"
  std::string ca_file;
  std::string ca_data;
  std::string tls_server_name;
  bool insecure = false;
  std::string proxy;
  bool no_proxy = false;  ///< in a cluster the environment's proxies are not for the API server
  std::string token;
  std::string token_file;
  std::string certificate_file;
  std::string certificate_data;
  std::string key_file;
  std::string key_data;
  std::optional<ExecPlugin> exec;
};

/// The access that a kubeconfig's context gives; `context` empty: its current one. `folder` is what
/// relative file names stand on. Legacy auth providers and passwords are errors that say so.
Result<ApiAccess> parse_kubeconfig(std::string_view text, const std::filesystem::path& folder,
                                   const std::string& context);

/// The same of a file.
Result<ApiAccess> load_kubeconfig(const std::filesystem::path& file, const std::string& context);

/// The access of a pod: the environment's host and port, and the ServiceAccount's files below
/// `root` (var/run/secrets/kubernetes.io/serviceaccount).
Result<ApiAccess> in_cluster_access(const std::string& host, const std::string& port,
                                    const std::filesystem::path& root);

/// What an exec plugin or a token file gives for a while.
struct Credentials {
  std::string token;
  std::string certificate_data;
  std::string key_data;
};

/// Reads an ExecCredential of client.authentication.k8s.io v1 or v1beta1.
Result<Credentials> parse_exec_credential(std::string_view text);

/// Runs the plugin without a shell and reads what it prints. Its environment is PATH, HOME, its own
/// entries and KUBERNETES_EXEC_INFO.
Result<Credentials> run_exec_plugin(const ExecPlugin& plugin, const std::string& server,
                                    Deadline deadline);

}  // namespace plumbline::netcheck::claims
