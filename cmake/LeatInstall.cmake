# What is installed: libraries and headers, a CMake package whose components are found one by one,
# pkg-config files, and a Debian package of all that.
set(LEAT_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/leat)

# The headers below FOLDER/leat that users may include, relative to FOLDER. Those that include CAF,
# or lead there, are of the runtime alone.
function(leat_public_headers out folder)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${folder} ${folder}/leat/*.hpp)
  set(public)
  foreach(header ${headers})
    file(STRINGS ${folder}/${header} internal REGEX "caf/|runtime/messages\\.hpp|_actor\\.hpp" LIMIT_COUNT 1)
    if(NOT internal)
      list(APPEND public ${header})
    endif()
  endforeach()
  set(${out} ${public} PARENT_SCOPE)
endfunction()

function(leat_install_headers)
  leat_public_headers(headers ${CMAKE_CURRENT_SOURCE_DIR})
  foreach(header ${headers})
    cmake_path(GET header PARENT_PATH folder)
    install(FILES ${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/${folder})
  endforeach()
endfunction()

# leat_install_component(NAME TARGET... FIND COMMAND...)
#
# Makes the component NAME of the installed package: the targets, and the commands by which a
# consumer finds what they need.
function(leat_install_component name)
  cmake_parse_arguments(PARSE_ARGV 1 with "" "" "FIND")
  install(TARGETS ${with_UNPARSED_ARGUMENTS} EXPORT leat-${name}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT leat-${name} NAMESPACE leat:: DESTINATION ${LEAT_CMAKE_DIR})
  string(REPLACE ";" "\n" commands "${with_FIND}")
  set(file ${CMAKE_BINARY_DIR}/package/leat-${name}-find.cmake)
  file(CONFIGURE OUTPUT ${file} CONTENT "${commands}\n" @ONLY)
  install(FILES ${file} DESTINATION ${LEAT_CMAKE_DIR})
endfunction()

# leat_install_pkg_config(NAME DESCRIPTION REQUIRES LIBS)
function(leat_install_pkg_config name description requires libs)
  set(file ${CMAKE_BINARY_DIR}/package/leat-${name}.pc)
  file(RELATIVE_PATH up /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/leat.pc.in ${file} @ONLY)
  install(FILES ${file} DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

# What is common to all components; to be called last.
function(leat_install_package)
  include(CMakePackageConfigHelpers)
  set(package ${CMAKE_BINARY_DIR}/package)
  write_basic_package_version_file(${package}/leat-config-version.cmake
    COMPATIBILITY SameMinorVersion) # until 1.0 a minor version may break what was
  install(FILES ${PROJECT_SOURCE_DIR}/cmake/leat-config.cmake ${PROJECT_SOURCE_DIR}/cmake/FindCAF.cmake
    ${package}/leat-config-version.cmake DESTINATION ${LEAT_CMAKE_DIR})

  set(CPACK_GENERATOR DEB)
  set(CPACK_PACKAGE_NAME libleat-dev)
  set(CPACK_PACKAGE_CONTACT "The Leat authors <leat@localhost>")
  set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
  set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
  set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
  set(CPACK_DEBIAN_PACKAGE_DEPENDS "libcaf-dev, libfmt-dev, libssl-dev, libtomlplusplus-dev, libxxhash-dev, robin-map-dev")
  include(CPack)
endfunction()
