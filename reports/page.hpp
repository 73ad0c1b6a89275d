#pragma once

#include <string_view>

/// The page that reports/web is bundled to at build time, in two pieces around its data.
namespace plumbline::reports::page {

extern const std::string_view before_data;
extern const std::string_view after_data;

}  // namespace plumbline::reports::page
