#pragma once

namespace plumbline::probes::cuda {

/// The fat binary of kernels.cu: machine code for the architectures of the build's list and PTX for
/// newer ones. Made by the build.
const unsigned char* kernel_image();

}  // namespace plumbline::probes::cuda
