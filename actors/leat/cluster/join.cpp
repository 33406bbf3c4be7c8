#include <leat/cluster/join.hpp>

#include <leat/key.hpp>

#include <charconv>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <string_view>

namespace leat {

namespace {

constexpr std::string_view variable = "LEAT_JOIN";

std::string content_of(const char* path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

template <class Number>
bool take_number(std::string_view& text, Number& number) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc{} || end == text.data() + text.size() || *end != ':')
    return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

} // namespace

std::string join_order::as_variable() const {
  return fmt::format("{}={}:{}:{}", variable, port, node, token);
}

std::optional<join_order> join_order::parse(std::string_view value) {
  join_order order;
  if (!take_number(value, order.port) || !take_number(value, order.node))
    return {};
  order.token = value;
  return order;
}

std::optional<join_order> join_order::of_this_process() {
  static const auto order = []() -> std::optional<join_order> {
    const char* const value = std::getenv(variable.data());
    if (!value)
      return {};
    auto read = parse(value);
    ::unsetenv(variable.data());
    return read;
  }();
  return order;
}

std::string own_arguments() { return content_of("/proc/self/cmdline"); }

std::uint64_t own_build() { return key_hash(content_of("/proc/self/exe")); }

} // namespace leat
