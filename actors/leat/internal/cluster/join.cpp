#include <leat/internal/cluster/join.hpp>

#include <leat/detail/record/key.hpp>
#include <leat/internal/cluster/lifeline.hpp>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <sys/stat.h>

namespace leat {

namespace {

constexpr std::string_view variable = "LEAT_JOIN";

std::string content_of(const char* path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A number up to the next colon, or the end.
template <class Number>
bool take_number(std::string_view& text, Number& number) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc{})
    return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.empty())
    return true;
  const bool more = text.front() == ':' && text.size() > 1;
  text.remove_prefix(1);
  return more;
}

// Sockets of ours, and for nobody whom this process starts.
bool keep_to_oneself(const std::vector<int>& links) {
  return std::all_of(links.begin(), links.end(), [](int link) {
    struct stat about {};
    return ::fstat(link, &about) == 0 && S_ISSOCK(about.st_mode) &&
           ::fcntl(link, F_SETFD, FD_CLOEXEC) == 0;
  });
}

} // namespace

std::string worker_invitation::as_variable() const {
  return fmt::format("{}={}:{}:{}", variable, term, node, fmt::join(links, ":"));
}

std::optional<worker_invitation> worker_invitation::parse(std::string_view value) {
  worker_invitation order;
  if (!take_number(value, order.term) || order.term == 0 || !take_number(value, order.node) ||
      order.node == 0)
    return {};
  while (!value.empty())
    if (!take_number(value, order.links.emplace_back()))
      return {};
  if (order.links.size() < order.node) // there is a coordinator and every worker before this one
    return {};
  return order;
}

std::optional<worker_invitation> worker_invitation::of_this_process() {
  static const auto order = []() -> std::optional<worker_invitation> {
    const char* const value = std::getenv(variable.data());
    if (!value)
      return {};
    auto read = parse(value);
    ::unsetenv(variable.data());
    if (!read || !keep_to_oneself(read->links))
      return {};
    hold_lifeline(read->links.front());
    return read;
  }();
  return order;
}

std::string own_arguments() { return content_of("/proc/self/cmdline"); }

std::uint64_t own_build() {
  static const std::uint64_t hash = key_hash(content_of("/proc/self/exe"));
  return hash;
}

} // namespace leat
