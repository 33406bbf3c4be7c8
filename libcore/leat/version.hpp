// The version of Leat. The build reads it from here.
#pragma once

#define LEAT_VERSION_MAJOR 0
#define LEAT_VERSION_MINOR 1
#define LEAT_VERSION_PATCH 0

/// For comparisons by the preprocessor: 10203 is 1.2.3.
#define LEAT_VERSION (LEAT_VERSION_MAJOR * 10000 + LEAT_VERSION_MINOR * 100 + LEAT_VERSION_PATCH)
