#include <leat/connectors/csv/source.hpp>

#include <fmt/format.h>

namespace leat {

result<std::optional<std::string>> read_csv_header(line_reader& file) {
  for (std::string_view line;;)
    switch (file.next(line)) {
    case line_reader::status::line:
      if (!line.empty())
        return std::optional{std::string{line}};
      break;
    case line_reader::status::too_long:
      return user_error(fmt::format("\"{}\": its line {} has {} bytes, too many for a header",
                                    file.path(), file.line_number(), file.length()),
                        "the first line must name the columns");
    case line_reader::status::end:
    case line_reader::status::stopped:
      return std::optional<std::string>{};
    case line_reader::status::failed:
      return file.error();
    }
}

} // namespace leat
