# Sources with dependencies of their own are components: targets leat::NAME, built where the
# dependencies are found and skipped aloud where they are not.
#
#   leat_component(NAME ABOUT TEXT SOURCES FILE... NEEDS TARGET... [ON COMPONENT] ...)
#
# SOURCES are relative to the calling folder. ON is the component it builds on, "actors" unless said
# otherwise. What else leat_install_component takes says how a consumer of the installed package
# finds NEEDS; one of FIND and FIND_MODULES must.
# Tests that mirror the sources of a skipped component are skipped with it.
function(leat_component name)
  cmake_parse_arguments(PARSE_ARGV 1 with "" "ABOUT;ON" "SOURCES;NEEDS;FIND;FIND_MODULES;REQUIRES;LIBS;DEBIAN")
  if(NOT with_ON)
    set(with_ON actors)
  endif()
  if(with_UNPARSED_ARGUMENTS OR NOT with_ABOUT OR NOT (with_FIND OR with_FIND_MODULES))
    message(FATAL_ERROR "leat_component(${name}) needs ABOUT, and FIND or FIND_MODULES; see cmake/LeatComponent.cmake")
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
  target_link_libraries(leat_${name} PUBLIC leat::${with_ON} PRIVATE $<BUILD_INTERFACE:leat_warnings> ${with_NEEDS})
  set_target_properties(leat_${name} PROPERTIES EXPORT_NAME ${name})
  leat_install_component(${name} TARGETS leat_${name} ABOUT ${with_ABOUT} ON ${with_ON} FIND ${with_FIND}
    FIND_MODULES ${with_FIND_MODULES} REQUIRES ${with_REQUIRES} LIBS ${with_LIBS} DEBIAN ${with_DEBIAN})
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
