#pragma once

#include <string>
#include <string_view>

namespace plumbline::reports {

/// `text` as the content of an XML 1.0 element or of an attribute in double quotes: the five
/// special characters escaped, line ends kept, control characters and noncharacters removed, bytes
/// that are not UTF-8 replaced by U+FFFD.
std::string xml_escape(std::string_view text);

/// ` name="value"`, escaped.
std::string xml_attribute(std::string_view name, std::string_view value);

/// A decimal number as XML readers take it, in every locale: "0.125"; 0 for what is not finite.
std::string xml_seconds(double seconds);

}  // namespace plumbline::reports
