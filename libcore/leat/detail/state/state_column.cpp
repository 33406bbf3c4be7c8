#include <leat/detail/state/state_column.hpp>

#include <leat/detail/record/key.hpp>

namespace leat::detail {

state_column::state_column(std::string name, state_kind kind, std::string_view type)
    : name_(std::move(name)) {
  constexpr std::string_view kinds[] = {"value", "list", "map", "aggregating"};
  type_ = kinds[static_cast<std::size_t>(kind)];
  (type_ += ' ') += type;
}

std::uint64_t state_column::fingerprint() const {
  std::string text;
  append_type_name(text, name_);
  (text += ':') += type_;
  return hash_bytes(text.data(), text.size());
}

} // namespace leat::detail
