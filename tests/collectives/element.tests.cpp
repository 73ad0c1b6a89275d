#include "collectives/element.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>

using namespace plumbline::collectives;

namespace {

constexpr std::array<SmallFormat, 4> kFormats{
    {{5, 10, false}, {8, 7, false}, {4, 3, true}, {5, 2, false}}};

std::uint32_t codes_of(SmallFormat format) {
  return 1U << static_cast<unsigned>(format.exponent_bits + format.mantissa_bits + 1);
}

}  // namespace

TEST_CASE("Every code of every narrow format is read and written back") {
  for (const SmallFormat format : kFormats) {
    for (std::uint32_t code = 0; code < codes_of(format); ++code) {
      const double value = from_small(format, code);
      if (std::isnan(value)) continue;
      INFO("code " << code << " is " << value);
      CHECK(to_small(format, value) == code);
    }
  }
}

TEST_CASE("What lies between two values goes to the nearest, ties to the even one") {
  const SmallFormat half{5, 10, false};
  CHECK(to_small(half, 1.0) == 0x3c00);
  CHECK(to_small(half, 1.0 + 1.0 / 2048) == 0x3c00);
  CHECK(to_small(half, 1.0 + 3.0 / 2048) == 0x3c02);
  CHECK(to_small(half, 1.0 + 1.1 / 2048) == 0x3c01);
  CHECK(to_small(half, 65504) == 0x7bff);
  CHECK(to_small(half, 65520) == 0x7c00);  // half a step over the greatest: infinity
  CHECK(to_small(half, -2) == 0xc000);
  CHECK(to_small(half, 5.9604644775390625e-08) == 1);
  CHECK(to_small({8, 7, false}, 3.140625) == 0x4049);
}

TEST_CASE("The 8-bit format without infinity ends at 448 and has one code that is no number") {
  const SmallFormat format{4, 3, true};
  CHECK(from_small(format, 0x7e) == 448);
  CHECK(std::isnan(from_small(format, 0x7f)));
  CHECK(to_small(format, 448) == 0x7e);
  CHECK(to_small(format, 480) == 0x7f);
  CHECK(from_small(format, 0x01) == 1.0 / 512);
  CHECK(from_small({5, 2, false}, 0x7b) == 57344);
  CHECK(std::isinf(from_small({5, 2, false}, 0x7c)));
}

TEST_CASE("Whole numbers wrap around where floats would not") {
  using Byte = NativeElement<std::uint8_t>;
  CHECK(combine<Byte>(Reduction::sum, 200, 100) == 44);
  CHECK(combine<Byte>(Reduction::product, 20, 20) == 144);
  using Signed = NativeElement<std::int8_t>;
  CHECK(combine<Signed>(Reduction::sum, 100, 100) == -56);
  CHECK(combine<Signed>(Reduction::min, -3, 2) == -3);
}
