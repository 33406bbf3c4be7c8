# Installs the build into a prefix, and builds and runs projects that find it there: by CMake, by
# CMake with the core alone where CAF cannot be found, and by pkg-config.
cmake_minimum_required(VERSION 3.25)
set(prefix ${BUILD}/consumer/prefix)
file(REMOVE_RECURSE ${BUILD}/consumer)

function(run)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
  set(output "${output}" PARENT_SCOPE)
endfunction()

function(expect text)
  if(NOT output MATCHES "${text}")
    message(FATAL_ERROR "\"${text}\" is not in: ${output}")
  endif()
endfunction()

function(build name)
  set(folder ${BUILD}/consumer/${name})
  run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${folder} -G Ninja --no-warn-unused-cli -DCMAKE_PREFIX_PATH=${prefix}
    -DCMAKE_CXX_COMPILER=${COMPILER} "-DCMAKE_CXX_FLAGS=${FLAGS}" -DVERSION=${VERSION} ${ARGN})
  run(${CMAKE_COMMAND} --build ${folder})
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix})
file(GLOB_RECURSE internal ${prefix}/*_actor.hpp ${prefix}/*messages.hpp)
if(internal)
  message(FATAL_ERROR "installed, but of the runtime alone: ${internal}")
endif()

build(core -DCORE_ONLY=ON -DCMAKE_DISABLE_FIND_PACKAGE_CAF=ON)
run(${BUILD}/consumer/core/consumer)
expect("^42\n$")

build(graph)
run(${BUILD}/consumer/graph/consumer run --quiet)
expect("18")

set(ENV{PKG_CONFIG_PATH} ${prefix}/${LIBDIR}/pkgconfig)
run(pkg-config --cflags --libs leat-actors)
separate_arguments(found UNIX_COMMAND "${output}")
separate_arguments(flags UNIX_COMMAND "${FLAGS}")
run(${COMPILER} -std=c++20 ${flags} ${CMAKE_CURRENT_LIST_DIR}/graph.cpp -o ${BUILD}/consumer/by_pkg_config
  ${found})
run(${BUILD}/consumer/by_pkg_config run --quiet)
expect("18")
