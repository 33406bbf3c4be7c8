// Starts the program of this process once more.
#pragma once

#include <span>
#include <string>
#include <sys/types.h>

namespace leat {

/// As a child with the same arguments, one more variable ("NAME=value") and these files of ours, in
/// a process group of its own: Ctrl-C is for this process alone. Not above zero: an error number
/// with its sign turned.
pid_t start_own_program(const std::string& variable, std::span<const int> files);

/// In place of this process, with the same arguments and variables. Returns an error number if that
/// fails.
int become_own_program();

/// "was killed by signal 9", "ended with exit code 2": what waitpid said of one that has ended.
std::string end_text(int status);

} // namespace leat
