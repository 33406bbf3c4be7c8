#include <leat/scoring/readers/xgboost_file.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

namespace leat {
namespace {

using integers = std::vector<std::int32_t>;
using numbers = std::vector<float>;
using texts = std::vector<std::string>;

/// Where in the document a member is filled from: the keys that lead there. Paths inside a tree are
/// relative to it.
template <class Owner, class Value>
struct place {
  std::string_view path;
  Value Owner::*member;
};

constexpr std::string_view attributes_path = "/learner/attributes";
constexpr std::string_view trees_path = "/learner/gradient_booster/model/trees";
constexpr std::string_view dart_trees_path = "/learner/gradient_booster/gbtree/model/trees";
constexpr std::string_view tree_path = "tree";

constexpr place<xgboost_file, std::string> file_text[] = {
    {"/learner/objective/name", &xgboost_file::objective},
    {"/learner/gradient_booster/name", &xgboost_file::booster},
};
constexpr place<xgboost_file, numbers> file_numbers[] = {
    {"/learner/learner_model_param/base_score", &xgboost_file::base_score},
    {"/learner/gradient_booster/weight_drop", &xgboost_file::weight_drop},
};
constexpr place<xgboost_file, std::optional<std::int32_t>> file_integer[] = {
    {"/learner/learner_model_param/boost_from_average", &xgboost_file::boost_from_average},
    {"/learner/learner_model_param/num_feature", &xgboost_file::num_feature},
    {"/learner/learner_model_param/num_class", &xgboost_file::num_class},
    {"/learner/learner_model_param/num_target", &xgboost_file::num_target},
    {"/learner/gradient_booster/model/gbtree_model_param/num_trees", &xgboost_file::num_trees},
    {"/learner/gradient_booster/gbtree/model/gbtree_model_param/num_trees",
     &xgboost_file::num_trees},
};
constexpr place<xgboost_file, texts> file_texts[] = {
    {"/learner/feature_names", &xgboost_file::feature_names},
};
constexpr place<xgboost_file, integers> file_integers[] = {
    {"/version", &xgboost_file::version},
    {"/learner/gradient_booster/model/tree_info", &xgboost_file::tree_info},
    {"/learner/gradient_booster/gbtree/model/tree_info", &xgboost_file::tree_info},
    {"/learner/gradient_booster/model/iteration_indptr", &xgboost_file::iteration_indptr},
    {"/learner/gradient_booster/gbtree/model/iteration_indptr", &xgboost_file::iteration_indptr},
};
constexpr place<xgboost_tree, std::optional<std::int32_t>> tree_integer[] = {
    {"tree/id", &xgboost_tree::id},
    {"tree/tree_param/num_nodes", &xgboost_tree::num_nodes},
    {"tree/tree_param/num_deleted", &xgboost_tree::num_deleted},
    {"tree/tree_param/size_leaf_vector", &xgboost_tree::size_leaf_vector},
};
constexpr place<xgboost_tree, integers> tree_integers[] = {
    {"tree/left_children", &xgboost_tree::left_children},
    {"tree/right_children", &xgboost_tree::right_children},
    {"tree/parents", &xgboost_tree::parents},
    {"tree/split_indices", &xgboost_tree::split_indices},
    {"tree/default_left", &xgboost_tree::default_left},
    {"tree/split_type", &xgboost_tree::split_type},
};
constexpr place<xgboost_tree, numbers> tree_numbers[] = {
    {"tree/split_conditions", &xgboost_tree::split_conditions},
};

/// The member of `owner` that `path` fills, or nullptr.
template <class Owner, class Value, std::size_t N>
Value* find(const place<Owner, Value> (&places)[N], std::string_view path, Owner* owner) {
  if (owner != nullptr)
    for (const auto& p : places)
      if (p.path == path)
        return &(owner->*p.member);
  return nullptr;
}

bool is_trees(std::string_view path) { return path == trees_path || path == dart_trees_path; }

/// Whether something at or below `path` is read.
bool leads_somewhere(std::string_view path) {
  const auto below = [path](std::string_view to) {
    return to.starts_with(path) && (to.size() == path.size() || to[path.size()] == '/');
  };
  const auto any = [&](const auto& places) {
    return std::any_of(std::begin(places), std::end(places),
                       [&](const auto& p) { return below(p.path); });
  };
  return below(attributes_path) || below(trees_path) || below(dart_trees_path) || any(file_text) ||
         any(file_numbers) || any(file_integer) || any(file_texts) || any(file_integers) ||
         any(tree_integer) || any(tree_integers) || any(tree_numbers);
}

/// The number that all of `text` spells, to the nearest.
template <class Number>
std::optional<Number> parse(std::string_view text) {
  Number number{};
  const auto end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, number);
  return code == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

/// Receives the document from the parser event by event and fills an xgboost_file. Events return
/// false to stop the parser; `stopped` then says why.
class document_reader {
public:
  explicit document_reader(std::size_t size)
      : values_left_(size), trees_left_(size / smallest_tree) {}

  xgboost_file file;
  std::string stopped;

  bool start_object(std::size_t announced) { return open(false, announced); }
  bool start_array(std::size_t announced) { return open(true, announced); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& name) {
    key_ = name;
    return true;
  }

  bool string(std::string& value) {
    if (!count_value())
      return false;
    const frame* in = inside();
    if (in == nullptr || !in->path)
      return true;
    if (in->is_array) {
      if (in->to_texts != nullptr)
        in->to_texts->push_back(value);
      return in->to_texts == nullptr || count_texts(in->to_texts->size());
    }
    if (in->path == attributes_path) {
      file.attributes[key_] = value;
      return count_texts(file.attributes.size());
    }
    return parameter(value);
  }

  bool number_integer(std::int64_t value) { return integer(value); }
  bool number_unsigned(std::uint64_t value) {
    constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    return integer(static_cast<std::int64_t>(std::min(value, most)));
  }
  bool boolean(bool value) { return integer(value); } // how XGBoost before 1.6 wrote default_left

  bool number_float(double value, const std::string& text) {
    if (!count_value())
      return false;
    const frame* in = inside();
    if (in != nullptr && in->to_integers != nullptr)
      return stop(fmt::format("'{}' holds {}, which is not an integer", *in->path, value));
    if (in != nullptr && in->to_numbers != nullptr) // a detour over double would round twice
      in->to_numbers->push_back(parse<float>(text).value_or(static_cast<float>(value)));
    return true;
  }

  bool null() { return count_value(); }
  bool binary(nlohmann::json::binary_t&) { return count_value(); }

  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception& e) {
    const std::string_view text = e.what(); // "[json.exception.parse_error.101] parse error at ..."
    return stop(std::string(text.substr(text.find(' ') + 1, 200)));
  }

private:
  /// An array or object that has begun and not ended, and where its elements go.
  struct frame {
    std::optional<std::string> path; ///< none: nothing below is read
    bool is_array = false;
    integers* to_integers = nullptr;
    numbers* to_numbers = nullptr;
    texts* to_texts = nullptr;
  };

  /// Limits far beyond real files, so that damaged ones end in an error, not in all memory used up.
  static constexpr std::size_t deepest = 32; ///< real: 8; the parser recurses in UBJ
  static constexpr std::size_t smallest_tree =
      128; ///< bytes; the names of its arrays alone take more
  static constexpr std::size_t most_texts = 65536; ///< of names, and of attributes

  bool stop(std::string why) {
    stopped = std::move(why);
    return false;
  }

  /// Every value takes a byte at least. UBJ can announce more than follow, without end.
  bool count_value() {
    if (values_left_ == 0)
      return stop("it announces more values than it has bytes");
    --values_left_;
    return true;
  }

  bool count_texts(std::size_t count) {
    return count <= most_texts || stop("it has more names or attributes than a model may have");
  }

  bool begin_tree() {
    if (trees_left_ == 0)
      return stop("it has more trees than fit into its bytes");
    --trees_left_;
    file.trees.emplace_back();
    return true;
  }

  const frame* inside() const { return frames_.empty() ? nullptr : &frames_.back(); }
  /// The tree that is being read: paths that begin with `tree` exist only inside one.
  xgboost_tree* current_tree() { return file.trees.empty() ? nullptr : &file.trees.back(); }

  /// The path of the value that comes next, if it leads somewhere.
  std::optional<std::string> next_path() const {
    const frame* in = inside();
    if (in == nullptr)
      return "";
    if (!in->path)
      return std::nullopt;
    if (in->is_array)
      return is_trees(*in->path) ? std::optional<std::string>(tree_path) : std::nullopt;
    auto path = *in->path + '/' + key_;
    const bool wanted = key_.find('/') == std::string::npos && leads_somewhere(path);
    return wanted ? std::optional(std::move(path)) : std::nullopt;
  }

  bool open(bool is_array, std::size_t announced) {
    constexpr auto not_announced = static_cast<std::size_t>(-1);
    if (!count_value())
      return false;
    if (announced != not_announced && announced > values_left_)
      return stop("it announces more values than it has bytes");
    if (frames_.size() == deepest)
      return stop(fmt::format("it nests deeper than {} levels", deepest));

    frame next{next_path(), is_array};
    if (next.path && is_array)
      connect(next);
    if (next.path == tree_path && !begin_tree())
      return false;
    frames_.push_back(std::move(next));
    return true;
  }

  /// Finds where the elements of an array go. An array that comes twice replaces the first.
  void connect(frame& array) {
    array.to_integers = find(file_integers, *array.path, &file);
    if (array.to_integers == nullptr)
      array.to_integers = find(tree_integers, *array.path, current_tree());
    array.to_numbers = find(file_numbers, *array.path, &file);
    if (array.to_numbers == nullptr)
      array.to_numbers = find(tree_numbers, *array.path, current_tree());
    array.to_texts = find(file_texts, *array.path, &file);
    if (array.to_integers != nullptr)
      array.to_integers->clear();
    if (array.to_numbers != nullptr)
      array.to_numbers->clear();
    if (array.to_texts != nullptr)
      array.to_texts->clear();
    if (is_trees(*array.path))
      file.trees.clear();
  }

  bool close() {
    frames_.pop_back();
    return true;
  }

  /// A value that stands alone. XGBoost writes parameters as text, numbers too.
  bool parameter(const std::string& value) {
    const auto path = next_path();
    if (!path)
      return true;
    if (auto* text = find(file_text, *path, &file))
      *text = value;
    else if (auto* list = find(file_numbers, *path, &file))
      return numbers_parameter(*list, value);
    else if (auto* count = find(file_integer, *path, &file))
      return number_parameter(*count, value);
    else if (auto* of_tree = find(tree_integer, *path, current_tree()))
      return number_parameter(*of_tree, value);
    return true;
  }

  template <class Number>
  bool number_parameter(std::optional<Number>& to, const std::string& value) {
    to = parse<Number>(value);
    return to || stop(fmt::format("{} is '{:.50}', which is not a number", key_, value));
  }

  /// "0.5", or "[0.2,0.8]".
  bool numbers_parameter(numbers& to, std::string_view value) {
    std::string_view rest = value;
    file.base_score_is_list = rest.starts_with('[') && rest.ends_with(']');
    if (file.base_score_is_list)
      rest = rest.substr(1, rest.size() - 2);
    to.clear();
    for (bool more = true; more;) {
      const auto comma = rest.find(',');
      const auto number = parse<float>(rest.substr(0, comma));
      if (!number)
        return stop(fmt::format("{} is '{:.50}', which is not a number", key_, value));
      to.push_back(*number);
      more = comma != rest.npos;
      rest.remove_prefix(more ? comma + 1 : rest.size());
    }
    return true;
  }

  bool integer(std::int64_t value) {
    if (!count_value())
      return false;
    const frame* in = inside();
    if (in == nullptr || !in->path)
      return true;
    if (!in->is_array)
      return parameter(std::to_string(value));
    if (in->to_numbers != nullptr)
      in->to_numbers->push_back(static_cast<float>(value));
    if (in->to_integers == nullptr)
      return true;
    if (value != static_cast<std::int32_t>(value))
      return stop(fmt::format("'{}' holds {}, which is beyond 32 bits", *in->path, value));
    in->to_integers->push_back(static_cast<std::int32_t>(value));
    return true;
  }

  std::size_t values_left_;
  std::size_t trees_left_;
  std::string key_;
  std::vector<frame> frames_;
};

using input_format = nlohmann::json::input_format_t;

/// Both begin with a brace. In JSON a quote follows, in UBJ the type of the first key's length.
std::optional<input_format> format_of(std::string_view bytes) {
  if (bytes.empty() || bytes[0] != '{')
    return std::nullopt;
  const auto second = bytes.find_first_not_of(" \t\r\n", 1);
  if (second == std::string_view::npos || bytes[second] == '"' || bytes[second] == '}')
    return input_format::json;
  return input_format::ubjson;
}

} // namespace

result<xgboost_file> read_xgboost(std::string_view bytes) {
  const auto format = format_of(bytes);
  if (!format)
    return user_error("it is neither JSON nor UBJ",
                      "save the model with XGBoost under a name that ends in .json or .ubj");
  document_reader reader(bytes.size());
  if (!nlohmann::json::sax_parse(bytes, &reader, *format))
    return user_error("it cannot be read: " + reader.stopped,
                      "save or copy the model again; .ubj also holds numbers that JSON cannot");
  if (reader.file.booster.empty())
    return user_error("it is not an XGBoost model: learner.gradient_booster.name is missing",
                      "save the model with XGBoost's save_model");
  return std::move(reader.file);
}

} // namespace leat
