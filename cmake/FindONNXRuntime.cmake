# Finds ONNX Runtime: by its own CMake package (Debian 13: libonnxruntime-dev), or as headers and
# library below LEAT_ONNXRUNTIME_ROOT (an unpacked release). Target: onnxruntime::onnxruntime.
set(LEAT_ONNXRUNTIME_ROOT "" CACHE PATH "Where a release of ONNX Runtime is unpacked")

if(NOT LEAT_ONNXRUNTIME_ROOT)
  find_package(onnxruntime CONFIG QUIET GLOBAL)
endif()
if(NOT TARGET onnxruntime::onnxruntime)
  find_path(ONNXRUNTIME_INCLUDE_DIR onnxruntime_cxx_api.h HINTS ${LEAT_ONNXRUNTIME_ROOT}/include
    PATH_SUFFIXES onnxruntime)
  find_library(ONNXRUNTIME_LIBRARY onnxruntime HINTS ${LEAT_ONNXRUNTIME_ROOT}/lib)
  mark_as_advanced(ONNXRUNTIME_INCLUDE_DIR ONNXRUNTIME_LIBRARY)
  if(ONNXRUNTIME_INCLUDE_DIR AND ONNXRUNTIME_LIBRARY)
    add_library(onnxruntime::onnxruntime UNKNOWN IMPORTED GLOBAL)
    set_target_properties(onnxruntime::onnxruntime PROPERTIES
      IMPORTED_LOCATION ${ONNXRUNTIME_LIBRARY}
      INTERFACE_INCLUDE_DIRECTORIES ${ONNXRUNTIME_INCLUDE_DIR})
  endif()
endif()
if(TARGET onnxruntime::onnxruntime)
  set(ONNXRuntime_FOUND TRUE)
endif()
