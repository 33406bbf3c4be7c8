# What is installed: components, each with its libraries, headers, a part of the CMake package, a
# pkg-config file and a Debian package libleat-NAME-dev.
set(LEAT_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/leat)

# The headers below FOLDER/leat that are installed, relative to FOLDER: all but those in internal/.
function(leat_installed_headers out folder)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${folder} ${folder}/leat/*.hpp)
  list(FILTER headers EXCLUDE REGEX "^leat/internal/")
  set(${out} ${headers} PARENT_SCOPE)
endfunction()

# The headers of the calling folder go into this component.
function(leat_install_headers component)
  leat_installed_headers(headers ${CMAKE_CURRENT_SOURCE_DIR})
  foreach(header ${headers})
    cmake_path(GET header PARENT_PATH folder)
    install(FILES ${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/${folder} COMPONENT ${component})
  endforeach()
endfunction()

# leat_install_component(NAME TARGETS TARGET... ABOUT TEXT [ON COMPONENT] [FIND PACKAGE...]
#   [FIND_MODULES MODULE...] [REQUIRES MODULE...] [LIBS LIBRARY...] [DEBIAN PACKAGE...])
#
# ABOUT is one line for people. ON is the component it builds on. A consumer finds what it needs
# besides:
#   FIND          by CMake, arguments of find_package: "CAF 0.17 COMPONENTS core io"
#   FIND_MODULES  by CMake and pkg-config, arguments of pkg_check_modules: "XGBOOST xgboost"
#   REQUIRES      by pkg-config: modules;  LIBS those that have none: caf_core
#   DEBIAN        by apt: packages. Without them there is no Debian package of this component
function(leat_install_component name)
  cmake_parse_arguments(PARSE_ARGV 1 with "" "ON;ABOUT" "TARGETS;FIND;FIND_MODULES;REQUIRES;LIBS;DEBIAN")
  install(TARGETS ${with_TARGETS} EXPORT leat-${name}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${name})
  install(EXPORT leat-${name} NAMESPACE leat:: DESTINATION ${LEAT_CMAKE_DIR} COMPONENT ${name})

  set(commands)
  set(requires ${with_REQUIRES})
  set(depends ${with_DEBIAN})
  if(with_ON)
    string(APPEND commands "leat_build_on(${name} ${with_ON})\n")
    list(PREPEND requires "leat-${with_ON} = ${PROJECT_VERSION}")
    list(PREPEND depends "libleat-${with_ON}-dev (= ${PROJECT_VERSION})")
  endif()
  foreach(package ${with_FIND})
    string(APPEND commands "leat_find(${name} ${package})\n")
  endforeach()
  foreach(module ${with_FIND_MODULES})
    string(APPEND commands "leat_find_module(${name} ${module})\n")
  endforeach()
  set(file ${CMAKE_BINARY_DIR}/package/leat-${name}-find.cmake)
  file(CONFIGURE OUTPUT ${file} CONTENT "${commands}" @ONLY)
  install(FILES ${file} DESTINATION ${LEAT_CMAKE_DIR} COMPONENT ${name})

  set(file ${CMAKE_BINARY_DIR}/package/leat-${name}.pc)
  file(RELATIVE_PATH up /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
  list(JOIN requires ", " requires)
  list(TRANSFORM with_LIBS PREPEND "-l")
  list(JOIN with_LIBS " " libs)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/leat.pc.in ${file} @ONLY)
  install(FILES ${file} DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT ${name})

  if(with_DEBIAN)
    list(JOIN depends ", " depends)
    set_property(GLOBAL APPEND PROPERTY LEAT_DEBIAN_COMPONENTS ${name})
    set_property(GLOBAL PROPERTY LEAT_DEBIAN_DEPENDS_${name} "${depends}")
    set_property(GLOBAL PROPERTY LEAT_DEBIAN_ABOUT_${name} "${with_ABOUT}")
  endif()
endfunction()

# What is common to all components, and their Debian packages; to be called last. The packages'
# maintainer is who builds them, as Debian's own tools have it: DEBFULLNAME and DEBEMAIL.
function(leat_install_package)
  include(CMakePackageConfigHelpers)
  set(package ${CMAKE_BINARY_DIR}/package)
  write_basic_package_version_file(${package}/leat-config-version.cmake
    COMPATIBILITY SameMinorVersion) # until 1.0 a minor version may break what was
  install(FILES ${PROJECT_SOURCE_DIR}/cmake/leat-config.cmake ${PROJECT_SOURCE_DIR}/cmake/FindCAF.cmake
    ${PROJECT_SOURCE_DIR}/cmake/FindONNXRuntime.cmake ${package}/leat-config-version.cmake
    DESTINATION ${LEAT_CMAKE_DIR} COMPONENT core)
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT core)

  get_property(components GLOBAL PROPERTY LEAT_DEBIAN_COMPONENTS)
  foreach(component ${components})
    get_property(depends GLOBAL PROPERTY LEAT_DEBIAN_DEPENDS_${component})
    get_property(about GLOBAL PROPERTY LEAT_DEBIAN_ABOUT_${component})
    string(TOUPPER ${component} upper)
    set(CPACK_DEBIAN_${upper}_PACKAGE_NAME libleat-${component}-dev)
    set(CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS "${depends}")
    set(CPACK_DEBIAN_${upper}_DESCRIPTION "${about}")
  endforeach()
  set(CPACK_GENERATOR DEB)
  set(CPACK_COMPONENTS_ALL ${components})
  set(CPACK_COMPONENTS_GROUPING IGNORE)
  set(CPACK_DEB_COMPONENT_INSTALL ON)
  set(CPACK_PACKAGE_NAME leat)
  set(CPACK_PACKAGE_CONTACT "The Leat authors <leat@leat.invalid>")
  if(DEFINED ENV{DEBEMAIL})
    set(CPACK_PACKAGE_CONTACT "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
  endif()
  set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
  set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
  set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
  include(CPack)
endfunction()
