# Builds and runs a project on each component of an installed Leat, by CMake and by pkg-config; and
# sees that what is not there is refused with a sentence.
#
#   cmake -DWORK=FOLDER -DPREFIX=FOLDER -DCOMPONENTS="core;actors" [-DBUILD=FOLDER] [-DLIBDIR=lib]
#     [-DCOMPILER=c++] [-DFLAGS=...] [-DGENERATOR=...] -P check.cmake
#
# With BUILD that build is installed into PREFIX first.
cmake_minimum_required(VERSION 3.25)
if(NOT COMPILER)
  set(COMPILER c++)
endif()
if(GENERATOR)
  set(ENV{CMAKE_GENERATOR} ${GENERATOR})
endif()
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})

function(run)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${WORK} RESULT_VARIABLE code OUTPUT_VARIABLE output)
  if(code)
    message(FATAL_ERROR "${ARGN}: ${code}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

function(expect text)
  if(NOT output MATCHES "${text}")
    message(FATAL_ERROR "\"${text}\" is not in: ${output}")
  endif()
endfunction()

# A program's second line says what it prints, as a regular expression.
function(run_program program name)
  file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/${name}.cpp prints REGEX "^// prints " LIMIT_COUNT 1)
  string(REPLACE "// prints " "" prints "${prints}")
  run(${program} run --quiet)
  expect("^${prints}\n$")
endfunction()

function(configure result name)
  execute_process(COMMAND ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${WORK}/${name} --no-warn-unused-cli
    -DCMAKE_PREFIX_PATH=${PREFIX} -DCMAKE_CXX_COMPILER=${COMPILER} "-DCMAKE_CXX_FLAGS=${FLAGS}"
    -DVERSION=${VERSION} -DNAME=${name} ${ARGN}
    RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE output)
  set(${result} ${code} PARENT_SCOPE)
  set(output "${output}" PARENT_SCOPE)
endfunction()

function(build name)
  set(alone)
  if(name MATCHES "^(core|protobuf)$")
    set(alone -DCMAKE_DISABLE_FIND_PACKAGE_CAF=ON)
  endif()
  configure(code ${name} ${alone})
  if(code)
    message(FATAL_ERROR "${output}")
  endif()
  run(${CMAKE_COMMAND} --build ${WORK}/${name})
  run_program(${WORK}/${name}/consumer ${name})
endfunction()

# The project that README shows.
function(build_mine)
  file(COPY ${CMAKE_CURRENT_LIST_DIR}/mine DESTINATION ${WORK})
  file(COPY_FILE ${CMAKE_CURRENT_LIST_DIR}/actors.cpp ${WORK}/mine/main.cpp)
  run(${CMAKE_COMMAND} -S mine -B mine/build -DCMAKE_PREFIX_PATH=${PREFIX} -DCMAKE_CXX_COMPILER=${COMPILER}
    "-DCMAKE_CXX_FLAGS=${FLAGS}")
  run(${CMAKE_COMMAND} --build mine/build)
  run_program(${WORK}/mine/build/mine actors)
endfunction()

function(build_by_pkg_config name)
  run(pkg-config --cflags --libs leat-${name})
  separate_arguments(found UNIX_COMMAND "${output}")
  separate_arguments(flags UNIX_COMMAND "${FLAGS}")
  run(${COMPILER} -std=c++20 ${flags} ${CMAKE_CURRENT_LIST_DIR}/${name}.cpp -o ${WORK}/${name}-by-pkg-config ${found})
  run_program(${WORK}/${name}-by-pkg-config ${name})
endfunction()

function(refuse text name)
  configure(code ${name} ${ARGN})
  file(REMOVE_RECURSE ${WORK}/${name})
  string(REGEX REPLACE "[ \n]+" " " output "${output}") # CMake breaks lines
  if(NOT code)
    message(FATAL_ERROR "${name} ${ARGN} is not refused")
  endif()
  expect("${text}")
endfunction()

if(BUILD)
  run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${PREFIX})
endif()
if(LIBDIR)
  set(ENV{PKG_CONFIG_PATH} ${PREFIX}/${LIBDIR}/pkgconfig)
endif()
file(STRINGS ${PREFIX}/include/leat/version.hpp parts REGEX "#define LEAT_VERSION_(MAJOR|MINOR) ")
list(TRANSFORM parts REPLACE "[^0-9]" "")
list(JOIN parts . VERSION)
if(EXISTS ${PREFIX}/include/leat/internal)
  message(FATAL_ERROR "installed, but internal: ${PREFIX}/include/leat/internal")
endif()

refuse("component \"no_such\" is not installed; those that are: .*core" no_such)
refuse("requested version \"99\"" core -DVERSION=99)
if("actors" IN_LIST COMPONENTS)
  refuse("component \"actors\" needs what was not found: CAF\\." actors -DCMAKE_DISABLE_FIND_PACKAGE_CAF=ON)
endif()
foreach(component ${COMPONENTS})
  message(STATUS "consumer of leat::${component}")
  build(${component})
  build_by_pkg_config(${component})
endforeach()
if("actors" IN_LIST COMPONENTS)
  build_mine()
endif()
