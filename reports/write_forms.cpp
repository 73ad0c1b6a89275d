#include <array>
#include <string>
#include <utility>

#include "core/files.hpp"
#include "core/json/codec.hpp"
#include "reports/forms.hpp"

namespace plumbline::reports {

Status write_forms(const Report& report, const std::filesystem::path& results) {
  // The data first: when the disk fills up, it is there and the other forms can be made from it.
  using Form = std::pair<const char*, std::string (*)(const Report&)>;
  const std::array<Form, 3> forms{
      Form{"report.json", [](const Report& one) { return json::encode(one); }},
      Form{"report.html", html}, Form{"fabric-junit.xml", junit}};
  for (const auto& [name, form] : forms) {
    const Status written = write_file(results / name, form(report));
    if (!written) return pass_up(written.error(), std::string("writing ") + name);
  }
  return {};
}

}  // namespace plumbline::reports
