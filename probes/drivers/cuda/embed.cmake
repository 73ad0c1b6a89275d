# cmake -DIMAGE=kernels.fatbin -DOUT=kernel_image.cpp -P embed.cmake: the kernels as C++.
cmake_minimum_required(VERSION 3.25)

file(READ ${IMAGE} bytes HEX)
if(bytes STREQUAL "")
  message(FATAL_ERROR "${IMAGE} is empty")
endif()
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")

file(WRITE ${OUT} "#include \"probes/drivers/cuda/kernel_image.hpp\"

namespace plumbline::probes::cuda {

namespace {

alignas(64) const unsigned char image[] = {
${bytes}
};

}  // namespace

const unsigned char* kernel_image() { return image; }

}  // namespace plumbline::probes::cuda
")
