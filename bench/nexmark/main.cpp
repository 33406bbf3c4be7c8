// nexmark: queries of the benchmark Nexmark. See docs/reference/benchmarks.md.
#include "command.hpp"

int main(int argc, char** argv) { return nexmark::command(argc, argv, stdout, stderr); }
