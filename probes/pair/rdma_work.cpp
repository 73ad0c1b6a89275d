#include "probes/pair/rdma_work.hpp"

namespace plumbline::probes {

const char* to_string(Operation operation) noexcept {
  switch (operation) {
    case Operation::write:
      return "write";
    case Operation::read:
      return "read";
    case Operation::send:
      return "send";
  }
  return "write";
}

Result<Operation> parse_operation(const std::string& word) {
  for (const auto operation : {Operation::write, Operation::read, Operation::send}) {
    if (word == to_string(operation)) return operation;
  }
  return fail(ErrorCode::invalid_input, "operations: '" + word + "' is none of write, read, send");
}

}  // namespace plumbline::probes
