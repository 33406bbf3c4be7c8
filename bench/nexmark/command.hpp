// The program `nexmark`: runs a query over so many events, and prints what it took.
#pragma once

#include <cstdio>

namespace nexmark {

/// Returns an exit code for main().
int command(int argc, char** argv, std::FILE* out, std::FILE* err);

} // namespace nexmark
