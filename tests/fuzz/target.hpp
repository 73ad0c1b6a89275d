#pragma once

#include <cstddef>
#include <cstdint>

/// One input of a fuzz target: libFuzzer's own entry, which the replay of a corpus calls too.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
