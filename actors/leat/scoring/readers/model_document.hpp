// Models that are a JSON object of a few members: reading them, with errors for people.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace leat {

/// The members of a model's file. What is missing, or not what is asked for, throws leat::failure
/// with an error that names the member; see leat::in_model for the file.
class model_document {
public:
  /// `known` are all members it may have: a misspelt one must not be a model without it.
  model_document(std::string_view bytes, std::initializer_list<std::string_view> known);

  std::string text(const std::string& member) const;
  /// Finite: JSON has no other numbers, and one out of range is refused.
  double number(const std::string& member) const;
  /// At least one.
  std::vector<std::string> names(const std::string& member) const;
  /// As many as there are features.
  std::vector<double> numbers(const std::string& member, std::size_t features) const;
  std::vector<double> numbers_or(double otherwise, const std::string& member,
                                 std::size_t features) const;

private:
  struct content;
  std::shared_ptr<const content> content_;
};

} // namespace leat
