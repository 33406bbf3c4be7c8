#include <leat/scoring/readers/model_file.hpp>

#include <leat/scoring/readers/sha256.hpp>

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

namespace leat {
namespace {

constexpr std::uintmax_t largest_file = std::uintmax_t{1} << 30;

result<std::string> read_bytes(const std::string& path) {
  std::error_code problem;
  if (!std::filesystem::exists(path, problem))
    return user_error("there is no such file",
                      "check the path; a relative one starts at the current folder");
  if (!std::filesystem::is_regular_file(path, problem))
    return user_error("it is not a regular file");
  const auto size = std::filesystem::file_size(path, problem);
  if (problem)
    return external_error("it cannot be read: " + problem.message());
  if (size > largest_file)
    return user_error(
        fmt::format("it has {} bytes, which exceeds the maximum of {}", size, largest_file));
  std::string bytes(size, '\0');
  std::ifstream in(path, std::ios::binary);
  if (!in.read(bytes.data(), static_cast<std::streamsize>(size)))
    return external_error("it cannot be read", "check its permissions");
  return bytes;
}

} // namespace

result<std::string> read_model_file(const std::string& path) {
  auto bytes = read_bytes(path);
  if (!bytes)
    return in_model(path, bytes.error());
  return bytes;
}

model_ref identity_of_file(const std::string& path, std::string_view bytes) {
  return model_ref::intern({std::filesystem::path(path).filename().string(), sha256_hex(bytes)});
}

error in_model(const std::string& name, error e) {
  e.what = fmt::format("model '{}': {}", name, e.what);
  return e;
}

result<void> model_shape::accepts(std::string_view record, std::span<const std::string_view> fields,
                                  std::size_t scores) const {
  const auto listed = fmt::format("{}", fmt::join(fields, ", "));
  if (fields.size() != features)
    return user_error(fmt::format("model '{}' reads {} features, record '{}' has {}: {}", name,
                                  features, record, fields.size(), listed),
                      "declare the model's inputs, and no other field, with leat::feature(...)");
  for (std::size_t i = 0; i < feature_names.size(); ++i)
    if (feature_names[i] != fields[i])
      return user_error(
          fmt::format("model '{}' reads '{}' as feature {}, record '{}' has '{}' there: {}", name,
                      feature_names[i], i, record, fields[i], listed),
          "declare the features under the model's names and in its order");
  if (scores != outputs)
    return user_error(fmt::format("model '{}' ({}) gives {} scores a record, the stage takes {}",
                                  name, kind, outputs, scores),
                      "the score type is float for one, std::array<float, N> for N scores");
  return {};
}

std::size_t model_shape::rows_in(std::size_t values, std::size_t scores) const {
  const std::size_t count = scores / outputs;
  if (scores != count * outputs || values != count * features)
    throw failure(
        internal_error(fmt::format("model '{}': {} values and {} scores are not rows of {} and {}",
                                   name, values, scores, features, outputs)));
  return count;
}

} // namespace leat
