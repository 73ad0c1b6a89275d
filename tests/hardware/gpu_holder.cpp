// Holds memory of one GPU, as a tenant would: gpu_holder UUID|first BYTES. Says "holding UUID" when
// it does and leaves when its input ends, or with 77 and a reason when there is no GPU to hold.

#include <cstdio>
#include <iostream>
#include <string>

#include "probes/drivers/cuda/cuda_machine.hpp"

namespace {

constexpr int kSkipped = 77;

int skip(const std::string& reason) {
  std::cout << "skipped: " << reason << std::endl;
  return kSkipped;
}

}  // namespace

int main(int count, char** words) {
  using namespace plumbline;
  if (count != 3) return 64;
  const auto size = parse_size(words[2]);
  if (!size) return 64;
  auto machine = probes::open_cuda_machine();
  if (!machine) return skip(machine.error().message);
  std::string uuid = words[1];
  if (uuid == "first") uuid = (*machine)->units().front().uuid;
  const auto region = (*machine)->allocate({uuid, std::nullopt}, *size);
  if (!region) return skip(region.error().message);
  std::cout << "holding " << uuid << std::endl;
  while (std::getchar() != EOF) {
  }
  return 0;
}
