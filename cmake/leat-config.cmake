# find_package(leat COMPONENTS core actors): the targets leat::core, leat::actors. Without components
# it is these two. `core` alone does not look for CAF.
include(CMakeFindDependencyMacro)

set(leat_components ${leat_FIND_COMPONENTS})
if(NOT leat_components)
  set(leat_components core actors)
endif()
set(leat_needed core)
if(NOT leat_components STREQUAL core)
  list(APPEND leat_needed actors) # the others build on it
endif()
list(APPEND leat_needed ${leat_components})
list(REMOVE_DUPLICATES leat_needed)

set(leat_module_path ${CMAKE_MODULE_PATH})
list(APPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR}) # FindCAF
foreach(component ${leat_needed})
  set(leat_${component}_FOUND FALSE)
  if(EXISTS ${CMAKE_CURRENT_LIST_DIR}/leat-${component}.cmake)
    include(${CMAKE_CURRENT_LIST_DIR}/leat-${component}-find.cmake)
    include(${CMAKE_CURRENT_LIST_DIR}/leat-${component}.cmake)
    set(leat_${component}_FOUND TRUE)
  elseif(leat_FIND_REQUIRED_${component})
    set(leat_FOUND FALSE)
    set(leat_NOT_FOUND_MESSAGE "this Leat was built without the component ${component}")
  endif()
endforeach()
set(CMAKE_MODULE_PATH ${leat_module_path})
