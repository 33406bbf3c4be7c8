// The name of a type as people write it.
#pragma once

#include <leat/model.hpp>
#include <leat/record.hpp>

#include <string>
#include <string_view>

namespace leat {

namespace detail {
template <class T>
constexpr std::string_view compiler_name() {
  constexpr std::string_view text = __PRETTY_FUNCTION__;
  const auto begin = text.find("T = ") + 4;
  const auto end = text.find_first_of(";]", begin);
  return text.substr(begin, end - begin);
}

template <class T>
struct type_name_of {
  static std::string get() {
    if constexpr (record<T>)
      return std::string(T::fields.record);
    else if constexpr (foreign<T>)
      return std::string(foreign_record<T>::name());
    else
      return std::string(compiler_name<T>());
  }
};
template <class F, class S>
struct type_name_of<scored<F, S>> {
  static std::string get() { return "scored<" + type_name_of<F>::get() + ">"; }
};
} // namespace detail

/// A record's declared name, or what the compiler calls the type.
template <class T>
std::string type_name() {
  return detail::type_name_of<T>::get();
}

} // namespace leat
