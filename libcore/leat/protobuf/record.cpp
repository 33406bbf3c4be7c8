#include <leat/protobuf/record.hpp>

#include <leat/detail/record/fingerprint.hpp>
#include <leat/detail/record/utf8.hpp>
#include <leat/json.hpp>

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <limits>
#include <set>

namespace leat::protobuf {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Reflection;

// --- the type in text -------------------------------------------------------------------------

/// Each message is spelled out where it first stands, so that one may hold itself.
void append_message_type(std::string& out, const Descriptor& type,
                         std::set<const Descriptor*>& spelled) {
  append_type_name(out, type.full_name());
  if (!spelled.insert(&type).second)
    return;
  std::vector<const FieldDescriptor*> fields;
  for (int i = 0; i < type.field_count(); ++i)
    fields.push_back(type.field(i));
  std::sort(fields.begin(), fields.end(),
            [](const auto* a, const auto* b) { return a->number() < b->number(); });
  out += '{';
  for (const FieldDescriptor* f : fields) {
    out += fmt::format("{}={}", f->number(), f->is_repeated() ? "[" : "");
    append_type_name(out, f->name());
    out += ':';
    if (f->message_type())
      append_message_type(out, *f->message_type(), spelled);
    else
      out += f->type_name();
    out += f->is_repeated() ? "];" : ";";
  }
  out += '}';
}

// --- CSV --------------------------------------------------------------------------------------

bool is_column(const FieldDescriptor& f) {
  return !f.is_repeated() && !f.message_type() && f.type() != FieldDescriptor::TYPE_BYTES;
}

/// Calls `visit(number)` with the value of an arithmetic field.
template <class Visit>
void visit_number(const Reflection& of, const Message& m, const FieldDescriptor* f, Visit visit) {
  switch (f->cpp_type()) {
  case FieldDescriptor::CPPTYPE_BOOL:
    return visit(of.GetBool(m, f));
  case FieldDescriptor::CPPTYPE_INT32:
    return visit(of.GetInt32(m, f));
  case FieldDescriptor::CPPTYPE_INT64:
    return visit(of.GetInt64(m, f));
  case FieldDescriptor::CPPTYPE_UINT32:
    return visit(of.GetUInt32(m, f));
  case FieldDescriptor::CPPTYPE_UINT64:
    return visit(of.GetUInt64(m, f));
  case FieldDescriptor::CPPTYPE_FLOAT:
    return visit(of.GetFloat(m, f));
  default:
    return visit(of.GetDouble(m, f));
  }
}

void append_cell(std::string& out, const Message& value, const FieldDescriptor* f) {
  const Reflection& of = *value.GetReflection();
  if (f->has_presence() && !of.HasField(value, f))
    return;
  if (f->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    std::string copy;
    append_csv_text(out, of.GetStringReference(value, f, &copy));
  } else if (f->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
    append_csv_text(out, of.GetEnum(value, f)->name()); // an unknown number has a name too
  } else {
    visit_number(of, value, f, [&](auto number) { append_csv_cell(out, number); });
  }
}

template <class V, class Set>
std::string parse_and_set(std::string_view text, Set set) {
  V value{};
  if (const parse_error why = parse_scalar(text, value); why != parse_error::none)
    return parse_reason<V>(why, text);
  set(value);
  return {};
}

std::string parse_enum(std::string_view text, const Reflection& of, Message& out,
                       const FieldDescriptor* f) {
  constexpr std::string_view unknown = "UNKNOWN_ENUM_VALUE_";
  if (const auto* named = f->enum_type()->FindValueByName(std::string{text})) {
    of.SetEnum(&out, f, named);
    return {};
  }
  if (text.starts_with(unknown)) // how the library names a number without a name
    text.remove_prefix(std::min(text.rfind('_') + 1, text.size()));
  std::int32_t number = 0;
  if (parse_scalar(text, number) != parse_error::none)
    return fmt::format("{} is not a value of {}", shown(text), f->enum_type()->full_name());
  if (f->file()->syntax() == google::protobuf::FileDescriptor::SYNTAX_PROTO2 &&
      !f->enum_type()->FindValueByNumber(number))
    return fmt::format("{} has no value {}", f->enum_type()->full_name(), number);
  of.SetEnumValue(&out, f, number);
  return {};
}

/// Returns why not, or nothing.
std::string parse_cell(csv_cell cell, Message& out, const FieldDescriptor* f) {
  const Reflection& of = *out.GetReflection();
  if (f->has_presence() && cell.text.empty() && !cell.quoted)
    return {};
  switch (f->cpp_type()) {
  case FieldDescriptor::CPPTYPE_STRING:
    of.SetString(&out, f, std::string{cell.text});
    return {};
  case FieldDescriptor::CPPTYPE_ENUM:
    return parse_enum(cell.text, of, out, f);
  case FieldDescriptor::CPPTYPE_BOOL:
    return parse_and_set<bool>(cell.text, [&](bool v) { of.SetBool(&out, f, v); });
  case FieldDescriptor::CPPTYPE_INT32:
    return parse_and_set<std::int32_t>(cell.text, [&](auto v) { of.SetInt32(&out, f, v); });
  case FieldDescriptor::CPPTYPE_INT64:
    return parse_and_set<std::int64_t>(cell.text, [&](auto v) { of.SetInt64(&out, f, v); });
  case FieldDescriptor::CPPTYPE_UINT32:
    return parse_and_set<std::uint32_t>(cell.text, [&](auto v) { of.SetUInt32(&out, f, v); });
  case FieldDescriptor::CPPTYPE_UINT64:
    return parse_and_set<std::uint64_t>(cell.text, [&](auto v) { of.SetUInt64(&out, f, v); });
  case FieldDescriptor::CPPTYPE_FLOAT:
    return parse_and_set<float>(cell.text, [&](float v) { of.SetFloat(&out, f, v); });
  default:
    return parse_and_set<double>(cell.text, [&](double v) { of.SetDouble(&out, f, v); });
  }
}

/// An error that names the required fields (of proto2) that are missing.
result<void> check_required(const Message& m) {
  if (m.IsInitialized())
    return {};
  return user_error(fmt::format("no {}: it lacks {}", m.GetDescriptor()->full_name(),
                                m.InitializationErrorString()));
}

} // namespace

std::string_view name(const Descriptor& type) { return type.full_name(); }

std::string type_text(const Descriptor& type) {
  std::string text = "protobuf ";
  std::set<const Descriptor*> spelled;
  append_message_type(text, type, spelled);
  return text;
}

// --- JSON -------------------------------------------------------------------------------------

void append_json_fields(std::string& out, const Message& value) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true; // as of any other record
  options.preserve_proto_field_names = true;
  std::string text;
  const auto done = google::protobuf::util::MessageToJsonString(value, &text, options);
  if (done.ok() && !text.starts_with('{')) // the library has JSON of their own for a few types
    throw failure(
        user_error(fmt::format("a {} is not an object in JSON", value.GetDescriptor()->full_name()),
                   "make it a field of a message of yours"));
  if (!done.ok())
    throw failure(user_error(fmt::format("a {} cannot be written as JSON: {}",
                                         value.GetDescriptor()->full_name(), done.ToString())));
  out += std::string_view{text}.substr(1, text.size() - 2);
}

result<void> parse_json(std::string_view line, Message& out) {
  if (const std::size_t valid = valid_utf8_length(line); valid != line.size())
    return user_error(fmt::format("byte {} is not UTF-8", valid + 1));
  out.Clear();
  // Strict: to ignore unknown members is to ignore unknown names of enums too.
  const auto done = google::protobuf::util::JsonStringToMessage({line.data(), line.size()}, &out);
  if (done.ok())
    return check_required(out);
  std::string reason = done.ToString();
  std::replace_if(
      reason.begin(), reason.end(), [](unsigned char c) { return c < ' '; }, ' ');
  return user_error(fmt::format("no {}: {}", out.GetDescriptor()->full_name(), reason));
}

void append_raw_text(std::string& out, const Message& value) {
  std::string json = "{";
  try {
    append_json_fields(json, value);
    out += json + '}';
  } catch (const failure&) {
    out += value.ShortDebugString();
  }
}

// --- CSV --------------------------------------------------------------------------------------

result<std::vector<std::string_view>> csv_names(const Descriptor& type) {
  std::vector<std::string_view> names;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& f = *type.field(i);
    if (!is_column(f))
      return user_error(fmt::format("a {} has no CSV: its field \"{}\" is {}", type.full_name(),
                                    f.name(), f.is_repeated() ? "repeated" : f.type_name()),
                        "a column holds a number, a bool, a string or an enum; use JSON Lines");
    names.emplace_back(f.name());
  }
  if (names.empty())
    return user_error(fmt::format("a {} has no CSV: it has no fields", type.full_name()));
  return names;
}

void append_csv_header(std::string& out, const Descriptor& type) {
  const auto names = csv_names(type);
  if (!names)
    throw failure(names.error());
  for (std::size_t i = 0; i < names->size(); ++i)
    append_csv_text(i == 0 ? out : out += ',', (*names)[i]);
}

void append_csv(std::string& out, const Message& value) {
  const Descriptor& type = *value.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i)
    append_cell(i == 0 ? out : out += ',', value, type.field(i));
}

result<void> parse_csv(std::span<const csv_cell> cells, const std::vector<std::size_t>& of_field,
                       Message& out) {
  out.Clear();
  const Descriptor& type = *out.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const std::string why =
        parse_cell(cells[of_field[static_cast<std::size_t>(i)]], out, type.field(i));
    if (!why.empty())
      return user_error(csv_column_reason(type.field(i)->name(), why));
  }
  return check_required(out);
}

// --- bytes ------------------------------------------------------------------------------------

void append_bytes(std::string& out, const Message& value) {
  google::protobuf::io::StringOutputStream stream{&out};
  google::protobuf::io::CodedOutputStream coded{&stream};
  coded.SetSerializationDeterministic(true);
  if (!value.SerializeToCodedStream(&coded))
    throw failure(
        user_error(fmt::format("a {} cannot be written: {}", value.GetDescriptor()->full_name(),
                               value.InitializationErrorString())));
}

bool read_bytes(std::span<const std::byte> bytes, Message& out) {
  return bytes.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()) &&
         out.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

std::size_t heap_bytes(const Message& value, std::size_t object_size) {
  const std::size_t all = value.SpaceUsedLong();
  return all - std::min(all, object_size);
}

void require_scored_names(const Descriptor& type) {
  for (const char* added : {"score", "model", "model_sha256"})
    if (type.FindFieldByName(added))
      throw failure(user_error(
          fmt::format("a scored {} cannot be written: its own field \"{}\" and that of the score "
                      "have one name",
                      type.full_name(), added),
          "map it to a record of yours first"));
}

} // namespace leat::protobuf
