// How bytes of a type as it was saved become bytes of the type as it is now.
//
//   equal types              as they are
//   records                  by the names of fields: one that is new has its declared default, one
//                            that is gone is skipped
//   a type that a record's `migrate` takes     by that function
//   optionals, vectors, arrays of equal length, tuples of as many parts     part by part
//
// All else is refused.
#pragma once

#include <leat/detail/record/saved_type.hpp>
#include <leat/detail/record/type_history.hpp>
#include <leat/error.hpp>

namespace leat::detail {

class conversion {
public:
  /// The error says which part differs: "field \"card.limit\" was i32 and is string".
  static result<conversion> between(const saved_type& saved, const type_history& now);

  /// Appends one value. False if the bytes are none of the saved type.
  bool convert(byte_cursor& from, std::string& to) const;

private:
  enum class rule { as_is, optional, vector, array, tuple, record, scored, migrated };
  struct field {
    std::optional<std::size_t> saved; ///< its number in the saved record
    std::string constant;             ///< else its default
  };

  explicit conversion(const saved_type& saved) : saved_(saved) {}
  static result<conversion> make(const saved_type& saved, const type_history& now,
                                 const saved_type& is, const std::string& place);
  result<void> add_part(const saved_type& saved, const type_history& now, const saved_type& is,
                        const std::string& place);
  result<void> match_fields(const type_history& now, const saved_type& is,
                            const std::string& place);
  bool convert_record(byte_cursor& from, std::string& to) const;
  bool convert_scored(byte_cursor& from, std::string& to) const;
  bool convert_times(byte_cursor& from, std::string& to, std::size_t times) const;

  saved_type saved_;
  rule rule_ = rule::as_is;
  std::vector<conversion> parts_; ///< of a record: of the fields that it still has, in their order
  std::vector<field> fields_;     ///< of a record
  bool (*migrate_)(std::string_view, std::string&) = nullptr;
};

/// The same for what a state holds for one key.
class state_conversion {
public:
  /// `now` is the state's type in text, and the history that of its values.
  static result<state_conversion> between(std::string_view saved, std::string_view now,
                                          const type_history& values);
  bool convert(byte_cursor& from, std::string& to) const;

private:
  state_conversion(saved_state_type saved, conversion values)
      : saved_(std::move(saved)), values_(std::move(values)) {}

  saved_state_type saved_;
  conversion values_;
};

} // namespace leat::detail
