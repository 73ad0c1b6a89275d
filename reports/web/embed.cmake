# cmake -DPAGE=page.html -DOUT=page.cpp -P embed.cmake: the page as C++, cut where its data goes.
cmake_minimum_required(VERSION 3.25)

set(marker "{{DATA}}")
set(delimiter "plumbline_page")
file(READ ${PAGE} page)
string(FIND "${page}" "${marker}" at)
string(FIND "${page}" "${marker}" last REVERSE)
if(at EQUAL -1 OR NOT at EQUAL last)
  message(FATAL_ERROR "${PAGE} is no bundled report page: it must hold ${marker} once")
endif()
string(FIND "${page}" ")${delimiter}\"" clash)
if(NOT clash EQUAL -1)
  message(FATAL_ERROR "${PAGE} holds the text that ends its C++ literal")
endif()
string(LENGTH "${marker}" length)
math(EXPR behind "${at} + ${length}")
string(SUBSTRING "${page}" 0 ${at} before_data)
string(SUBSTRING "${page}" ${behind} -1 after_data)

file(WRITE ${OUT} "#include \"reports/page.hpp\"

#ifdef __clang__
#pragma clang diagnostic ignored \"-Woverlength-strings\"
#endif

namespace plumbline::reports::page {

const std::string_view before_data = R\"${delimiter}(${before_data})${delimiter}\";
const std::string_view after_data = R\"${delimiter}(${after_data})${delimiter}\";

}  // namespace plumbline::reports::page
")
