# Sources with dependencies of their own are components: targets leat::NAME, built where the
# dependencies are found and skipped aloud where they are not.
#
#   leat_component(NAME SOURCES FILE... NEEDS TARGET... FIND COMMAND... [ON TARGET])
#
# SOURCES are relative to the calling folder. FIND are the commands by which the consumer of an
# installed Leat finds NEEDS, "find_dependency(SQLite3)". ON is the part of Leat it builds on
# (leat::actors).
# Tests that mirror the sources of a skipped component are skipped with it.
function(leat_component name)
  cmake_parse_arguments(PARSE_ARGV 1 with "" "ON" "SOURCES;NEEDS;FIND")
  if(NOT with_ON)
    set(with_ON leat::actors)
  endif()
  cmake_path(GET CMAKE_CURRENT_SOURCE_DIR FILENAME part)
  set(tests)
  foreach(source ${with_SOURCES})
    set_property(GLOBAL APPEND PROPERTY LEAT_COMPONENT_SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/${source})
    string(REGEX REPLACE "^leat/(.*)\\.cpp$" "${PROJECT_SOURCE_DIR}/tests/${part}/\\1.test.cpp" test ${source})
    list(APPEND tests ${test})
  endforeach()
  foreach(target ${with_NEEDS})
    if(NOT TARGET ${target})
      message(STATUS "leat: component ${name} is SKIPPED: ${target} was not found")
      set_property(GLOBAL APPEND PROPERTY LEAT_SKIPPED_TESTS ${tests})
      return()
    endif()
  endforeach()
  add_library(leat_${name} STATIC ${with_SOURCES})
  add_library(leat::${name} ALIAS leat_${name})
  target_link_libraries(leat_${name} PUBLIC ${with_ON} PRIVATE $<BUILD_INTERFACE:leat_warnings> ${with_NEEDS})
  set_target_properties(leat_${name} PROPERTIES EXPORT_NAME ${name})
  if(with_NEEDS AND NOT with_FIND)
    message(STATUS "leat: component ${name} is NOT INSTALLED: it does not say how consumers find what it needs")
  else()
    leat_install_component(${name} leat_${name} FIND ${with_FIND})
  endif()
  set_property(GLOBAL APPEND PROPERTY LEAT_COMPONENTS leat::${name})
endfunction()

# All other sources of the calling folder; to be called after its components.
function(leat_other_sources out)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  get_property(of_components GLOBAL PROPERTY LEAT_COMPONENT_SOURCES)
  if(of_components)
    list(REMOVE_ITEM sources ${of_components})
  endif()
  set(${out} ${sources} PARENT_SCOPE)
endfunction()
