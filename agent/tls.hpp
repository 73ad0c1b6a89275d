#pragma once

#include <filesystem>
#include <string>

#include "core/result.hpp"

namespace plumbline::agent {

/// Where one end's PEM files lie.
struct TlsFiles {
  std::filesystem::path ca;           ///< who signs both sides
  std::filesystem::path certificate;  ///< this end's, with its role in the subject's OU
  std::filesystem::path key;
};

/// What is in them.
struct TlsTexts {
  std::string ca;
  std::string certificate;
  std::string key;
};

/// Reads the three files. A missing, empty or over-long (256 KiB) file is an error that names it.
Result<TlsTexts> read_tls(const TlsFiles& files);

}  // namespace plumbline::agent
