#include "agent/service/http.hpp"

#include <civetweb.h>

#include <array>

namespace plumbline::agent {
namespace {

constexpr const char* kMetricsType = "text/plain; version=0.0.4; charset=utf-8";
constexpr const char* kTextType = "text/plain; charset=utf-8";

struct Answer {
  int status = 200;
  const char* type = kTextType;
  std::string text;
};

int send(mg_connection* connection, const Answer& answer) {
  const char* const reason = answer.status == 200   ? "OK"
                             : answer.status == 503 ? "Service Unavailable"
                                                    : "Not Found";
  mg_printf(connection,
            "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
            "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
            answer.status, reason, answer.type, answer.text.size());
  mg_write(connection, answer.text.data(), answer.text.size());
  return answer.status;
}

const Pages& pages_of(void* data) { return *static_cast<const Pages*>(data); }

int show_metrics(mg_connection* connection, void* data) {
  return send(connection, {200, kMetricsType, pages_of(data).metrics()});
}

int show_health(mg_connection* connection, void* /*data*/) {
  return send(connection, {200, kTextType, "alive\n"});
}

int show_readiness(mg_connection* connection, void* data) {
  const std::string why = pages_of(data).unready();
  if (why.empty()) return send(connection, {200, kTextType, "ready\n"});
  return send(connection, {503, kTextType, why + "\n"});
}

int show_nothing(mg_connection* connection, void* /*data*/) {
  return send(connection, {404, kTextType, "/metrics /healthz /readyz\n"});
}

}  // namespace

struct HttpServer::Parts {
  Pages pages;
  mg_context* context = nullptr;
};

Result<std::unique_ptr<HttpServer>> HttpServer::open(const std::string& address, Pages pages) {
  auto parts = std::make_unique<Parts>();
  parts->pages = std::move(pages);
  const std::array<const char*, 9> options{
      "listening_ports",  address.c_str(), "num_threads", "2", "request_timeout_ms", "5000",
      "max_request_size", "4096",          nullptr};
  mg_init_library(0);
  const mg_callbacks callbacks{};
  parts->context = mg_start(&callbacks, parts.get(), const_cast<const char**>(options.data()));
  if (parts->context == nullptr) {
    mg_exit_library();
    return fail(ErrorCode::unavailable, "cannot serve HTTP on " + address +
                                            ": the address is not free or not of this machine");
  }
  mg_set_request_handler(parts->context, "/", show_nothing, nullptr);
  mg_set_request_handler(parts->context, "/metrics", show_metrics, &parts->pages);
  mg_set_request_handler(parts->context, "/healthz", show_health, &parts->pages);
  mg_set_request_handler(parts->context, "/readyz", show_readiness, &parts->pages);
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(parts)));
}

HttpServer::HttpServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

HttpServer::~HttpServer() {
  mg_stop(parts_->context);
  mg_exit_library();
}

int HttpServer::port() const {
  mg_server_port ports{};
  return mg_get_server_ports(parts_->context, 1, &ports) == 1 ? ports.port : 0;
}

}  // namespace plumbline::agent
