# The flags of our own targets. Results must not depend on the compiler's freedom with floating
# point, so contraction is off for everybody who uses the headers too.
add_library(leat_flags INTERFACE)
target_compile_options(leat_flags INTERFACE -ffp-contract=off)
# Chains are fused into short loops in the programs of users. Measured: one that begins 16 bytes past a multiple of 32 takes
# 1.6 times as long, and where it begins differs from build to build.
target_compile_options(leat_flags INTERFACE $<$<CONFIG:Release,RelWithDebInfo>:-falign-loops=32>)
target_compile_features(leat_flags INTERFACE cxx_std_20)
set_target_properties(leat_flags PROPERTIES EXPORT_NAME flags)

add_library(leat_warnings INTERFACE)
target_compile_options(leat_warnings INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wconversion
  -Wno-sign-conversion $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict> $<$<BOOL:${LEAT_WARNINGS_AS_ERRORS}>:-Werror>)
