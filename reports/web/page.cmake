# Bundles the report page and embeds it: npm packages and bundle live in the build folder, so that build
# folders do not disturb each other and the source tree stays clean. docs/decisions/0007-the-page-is-bundled-at-build-time.md says why.

set(PLUMBLINE_REPORT_PAGE "" CACHE FILEPATH
  "A page.html that `npm run build` in reports/web made elsewhere; empty: it is bundled here, which needs npm")

# Sets `result` to the page and makes the commands that bundle it.
function(_plumbline_bundle_page result)
  find_program(PLUMBLINE_NODE NAMES node nodejs)
  find_program(PLUMBLINE_NPM npm)
  mark_as_advanced(PLUMBLINE_NODE PLUMBLINE_NPM)
  if(NOT PLUMBLINE_NODE OR NOT PLUMBLINE_NPM)
    message(FATAL_ERROR "node and npm are needed to bundle the report page: install them with "
      "deploy/packages/install build, or give -DPLUMBLINE_REPORT_PAGE=FILE with a page bundled elsewhere")
  endif()
  set(web ${CMAKE_CURRENT_SOURCE_DIR}/web)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/web)
  file(GLOB sources CONFIGURE_DEPENDS ${web}/src/*)
  add_custom_command(OUTPUT ${out}/node_modules/.package-lock.json
    COMMAND ${CMAKE_COMMAND} -E make_directory ${out}
    COMMAND ${CMAKE_COMMAND} -E copy ${web}/package.json ${web}/package-lock.json ${out}
    COMMAND ${PLUMBLINE_NPM} ci --prefix ${out} --no-audit --no-fund --no-update-notifier --ignore-scripts --loglevel=error
    COMMAND ${CMAKE_COMMAND} -E touch ${out}/node_modules/.package-lock.json
    DEPENDS ${web}/package.json ${web}/package-lock.json
    COMMENT "Installing the npm packages of the report page")
  add_custom_command(OUTPUT ${out}/page.html
    COMMAND ${PLUMBLINE_NODE} ${web}/build.mjs ${out}/page.html ${out}/node_modules
    DEPENDS ${out}/node_modules/.package-lock.json ${web}/build.mjs ${sources}
    COMMENT "Bundling the report page")
  set(${result} ${out}/page.html PARENT_SCOPE)
endfunction()

# Adds the bundled page to `target`: reports/page.hpp says what comes of it.
function(plumbline_embed_page target)
  set(page ${PLUMBLINE_REPORT_PAGE})
  if(NOT page)
    _plumbline_bundle_page(page)
  endif()
  set(embedded ${CMAKE_CURRENT_BINARY_DIR}/page.cpp)
  set(embed ${CMAKE_CURRENT_SOURCE_DIR}/web/embed.cmake)
  add_custom_command(OUTPUT ${embedded}
    COMMAND ${CMAKE_COMMAND} -DPAGE=${page} -DOUT=${embedded} -P ${embed}
    DEPENDS ${page} ${embed}
    COMMENT "Embedding the report page")
  target_sources(${target} PRIVATE ${embedded})
endfunction()
