# Finds CAF 0.17, for which Debian and Ubuntu ship no CMake files.
# Targets: CAF::core, CAF::io, CAF::openssl (those found).
include(FindPackageHandleStandardArgs)

find_path(CAF_INCLUDE_DIR caf/all.hpp)
if(CAF_INCLUDE_DIR)
  file(STRINGS ${CAF_INCLUDE_DIR}/caf/config.hpp version REGEX "#define CAF_VERSION [0-9]+")
  string(REGEX MATCH "[0-9]+" version "${version}")
  math(EXPR major "${version} / 10000")
  math(EXPR minor "${version} / 100 % 100")
  math(EXPR patch "${version} % 100")
  set(CAF_VERSION ${major}.${minor}.${patch})
endif()

foreach(part core io openssl)
  find_library(CAF_${part}_LIBRARY caf_${part})
  if(CAF_${part}_LIBRARY)
    set(CAF_${part}_FOUND TRUE)
  endif()
endforeach()

find_package_handle_standard_args(CAF REQUIRED_VARS CAF_core_LIBRARY CAF_INCLUDE_DIR
  VERSION_VAR CAF_VERSION HANDLE_COMPONENTS)

if(CAF_FOUND AND NOT TARGET CAF::core)
  find_package(Threads REQUIRED)
  foreach(part core io openssl)
    if(CAF_${part}_FOUND)
      add_library(CAF::${part} UNKNOWN IMPORTED)
      set_target_properties(CAF::${part} PROPERTIES IMPORTED_LOCATION ${CAF_${part}_LIBRARY})
      target_include_directories(CAF::${part} SYSTEM INTERFACE ${CAF_INCLUDE_DIR})
      target_link_libraries(CAF::${part} INTERFACE Threads::Threads)
      if(NOT part STREQUAL core)
        target_link_libraries(CAF::${part} INTERFACE CAF::core)
      endif()
    endif()
  endforeach()
endif()
mark_as_advanced(CAF_INCLUDE_DIR CAF_core_LIBRARY CAF_io_LIBRARY CAF_openssl_LIBRARY)
