// Models in files: reading them, naming them, and whether a record fits one.
#pragma once

#include <leat/error.hpp>
#include <leat/model.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace leat {

/// The bytes of the model file at `path`, up to 1 GiB. Errors name the file.
result<std::string> read_model_file(const std::string& path);

/// The identity of a model file: its name without its folder, and the SHA-256 of its bytes.
model_ref identity_of_file(const std::string& path, std::string_view bytes);

/// `e` as an error of the model in the file `name`.
error in_model(const std::string& name, error e);

/// What a model takes and gives, to be compared with a record.
struct model_shape {
  std::string name;                       ///< of its file, for errors
  std::string kind;                       ///< for errors, e.g. "binary:logistic"
  std::size_t features = 0;               ///< the width of a row
  std::size_t outputs = 1;                ///< scores a row
  std::vector<std::string> feature_names; ///< in the order of a row; empty if it has none

  /// Whether records with these feature fields can be scored: as many as the model reads and, where
  /// it has names, the same in the same order, for `scores` scores each.
  result<void> accepts(std::string_view record, std::span<const std::string_view> fields,
                       std::size_t scores) const;
  /// Throws leat::failure unless `values` and `scores` are rows of these widths; else their count.
  std::size_t rows_in(std::size_t values, std::size_t scores) const;
};

} // namespace leat
