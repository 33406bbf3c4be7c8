#include <leat/connectors/files/line_reader.hpp>

#include "support/catch.hpp"
#include "support/files.hpp"

#include <rapidcheck.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <thread>

namespace {

using leat::line_reader;
using support::temporary_folder;
using status = leat::line_reader::status;

/// Everything a reader found: lines as they are, long ones as "<length>", an open end as "~".
std::vector<std::string> all(line_reader& reader) {
  std::vector<std::string> found;
  std::string_view line;
  for (;;) {
    const status s = reader.next(line);
    if (s == status::end)
      return found;
    REQUIRE(s != status::failed);
    found.push_back(s == status::line ? std::string{line}
                                      : '<' + std::to_string(reader.length()) + '>');
    if (reader.unterminated())
      found.back() += '~';
    CHECK(reader.line_number() == found.size());
  }
}

std::vector<std::string> lines_of(const std::string& content,
                                  std::size_t max_line = line_reader::default_max_line) {
  const temporary_folder folder;
  auto reader = line_reader::open(folder.write("data", content), max_line);
  REQUIRE(reader);
  return all(*reader);
}

using list = std::vector<std::string>;

} // namespace

TEST_CASE("lines end with \\n, \\r\\n, or the file") {
  CHECK(lines_of("") == list{});
  CHECK(lines_of("\n") == list{""});
  CHECK(lines_of("a\nb\n") == list{"a", "b"});
  CHECK(lines_of("a\r\nb\r\n") == list{"a", "b"});
  CHECK(lines_of("a\n\r\n\nb\n") == list{"a", "", "", "b"});
  CHECK(lines_of("a\rb\n") == list{"a\rb"});
  CHECK(lines_of("a\r\r\n") == list{"a\r"});
  CHECK(lines_of("a\nb") == list{"a", "b~"});
  CHECK(lines_of("a\nb\r") == list{"a", "b~"});
  CHECK(lines_of(std::string("a\0b\n", 4)) == list{std::string("a\0b", 3)});
}

TEST_CASE("a byte order mark is no part of the first line") {
  CHECK(lines_of("\xEF\xBB\xBF") == list{});
  CHECK(lines_of("\xEF\xBB\xBF\n") == list{""});
  CHECK(lines_of("\xEF\xBB\xBFid,x\n1,2\n") == list{"id,x", "1,2"});
  CHECK(lines_of("a\n\xEF\xBB\xBF"
                 "b\n") == list{"a", "\xEF\xBB\xBF"
                                     "b"});
  CHECK(lines_of("\xEF\xBB") == list{"\xEF\xBB~"});
  CHECK(lines_of("\xEF\xBB\xBF\xEF\xBB\xBF\n") == list{"\xEF\xBB\xBF"});
}

TEST_CASE("a line that is too long is skipped and reported, the next one is read") {
  CHECK(lines_of("1234\n12345\n1234\r\n12345\r\n\n", 4) == list{"1234", "<5>", "1234", "<5>", ""});
  CHECK(lines_of("123456", 4) == list{"<6>~"});
  CHECK(lines_of("12345\r", 4) == list{"<5>~"});
  CHECK(lines_of("\nx\n", 0) == list{"", "<1>"});

  const temporary_folder folder;
  std::string content = "short\n";
  for (int i = 0; i < 2'000'000; ++i)
    content += static_cast<char>('a' + i % 26);
  auto reader = line_reader::open(folder.write("data", content + "\r\nshort\r\n"), 300'000);
  REQUIRE(reader);
  std::string_view line;
  CHECK(reader->next(line) == status::line);
  CHECK(reader->next(line) == status::too_long);
  CHECK(reader->length() == 2'000'000);
  CHECK(line == content.substr(6, line_reader::kept_of_too_long));
  CHECK(reader->line_number() == 2);
  CHECK(reader->next(line) == status::line);
  CHECK(line == "short");
  CHECK(reader->next(line) == status::end);
}

TEST_CASE("lines around the buffer's size are whole") {
  constexpr std::size_t chunk = 256 * 1024;
  for (const std::size_t size : {chunk - 2, chunk - 1, chunk, chunk + 1, 2 * chunk, 3 * chunk + 7})
    for (const char* end : {"\n", "\r\n", ""}) {
      const std::string first(size, 'x');
      const auto found = lines_of("ab\n" + first + "\nc" + end);
      CHECK(found == list{"ab", first, *end ? "c" : "c~"});
      CHECK(lines_of("ab\n" + first + "\nc" + end, size) == found);
      CHECK(lines_of("ab\n" + first + "\r\nc" + end, size) == found);
      CHECK(lines_of("ab\n" + first + "\nc" + end, size - 1) ==
            list{"ab", '<' + std::to_string(size) + '>', *end ? "c" : "c~"});
    }
}

TEST_CASE("any file is cut where a plain reading cuts it, and can be entered at every place") {
  const temporary_folder folder;
  CHECK(rc::check([&] {
    const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
        "\n", "\r", "\r\n", "a", "bcd", "\xEF\xBB\xBF", std::string(1, '\0')));
    std::string content;
    for (const std::string& piece : pieces)
      content += piece;
    const std::size_t max_line = *rc::gen::inRange(0, 12);

    list expected;
    for (std::size_t at = content.starts_with("\xEF\xBB\xBF") ? 3 : 0; at < content.size();) {
      const std::size_t newline = content.find('\n', at);
      std::string line = content.substr(at, newline - at);
      at = newline == std::string::npos ? content.size() : newline + 1;
      if (line.ends_with('\r'))
        line.pop_back();
      if (line.size() > max_line)
        line = '<' + std::to_string(line.size()) + '>';
      expected.push_back(line + (newline == std::string::npos ? "~" : ""));
    }

    auto reader = line_reader::open(folder.write("data", content), max_line);
    RC_ASSERT(static_cast<bool>(reader));
    std::vector<line_reader::place> places{reader->position()};
    std::string_view line;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      RC_ASSERT(reader->next(line) != status::end);
      places.push_back(reader->position());
    }
    RC_ASSERT(reader->next(line) == status::end);
    RC_ASSERT(places.back().offset == content.size() || expected.empty());
    for (std::size_t i = places.size(); i-- > 0;) {
      RC_ASSERT(static_cast<bool>(reader->seek(places[i])));
      RC_ASSERT(reader->position() == places[i]);
      for (std::size_t next = i; next < expected.size(); ++next) {
        const status s = reader->next(line);
        RC_ASSERT(reader->line_number() == next + 1);
        const std::string open_end = reader->unterminated() ? "~" : "";
        RC_ASSERT(
            (s == status::line ? std::string{line} : '<' + std::to_string(reader->length()) + '>') +
                open_end ==
            expected[next]);
      }
      RC_ASSERT(reader->next(line) == status::end);
    }
  }));
}

TEST_CASE("a place beyond the file's end is refused, and the reader goes on") {
  const temporary_folder folder;
  auto reader = line_reader::open(folder.write("data", "a\nb\n"));
  REQUIRE(reader);
  std::string_view line;
  CHECK(reader->next(line) == status::line);
  const auto moved = reader->seek({100, 7});
  REQUIRE(!moved);
  CHECK(moved.error().what ==
        '"' + folder.path() + "/data\" has only 4 bytes, but was read up to byte 100");
  CHECK(reader->next(line) == status::line);
  CHECK(line == "b");
}

TEST_CASE("a file that grows gives its new lines") {
  const temporary_folder folder;
  auto reader = line_reader::open(folder.write("data", "a\n"));
  REQUIRE(reader);
  std::string_view line;
  CHECK(reader->next(line) == status::line);
  CHECK(reader->next(line) == status::end);
  std::ofstream{reader->path(), std::ios::app} << "b\n";
  CHECK(reader->next(line) == status::line);
  CHECK(line == "b");
}

TEST_CASE("a pipe is read as it comes, and cannot be entered in the middle") {
  const temporary_folder folder;
  const std::string pipe = folder.path() + "/pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  std::thread writer{[&] {
    std::ofstream out{pipe};
    out << "a\n" << std::flush << "b" << std::flush << "c\n" << std::flush;
  }};
  auto reader = line_reader::open(pipe);
  REQUIRE(reader);
  CHECK(all(*reader) == list{"a", "bc"});
  const auto moved = reader->seek({0, 0});
  REQUIRE(!moved);
  CHECK(moved.error().what.find(pipe) != std::string::npos);
  writer.join();
}

TEST_CASE("what cannot be opened or read is named") {
  const temporary_folder folder;
  const auto missing = line_reader::open(folder.path() + "/none.csv");
  REQUIRE(!missing);
  CHECK(missing.error().what ==
        "cannot open \"" + folder.path() + "/none.csv\": No such file or directory");
  CHECK(missing.error().domain == leat::error_domain::user);
  const auto is_folder = line_reader::open(folder.path());
  REQUIRE(!is_folder);
  CHECK(is_folder.error().what == '"' + folder.path() + "\" is a folder, not a file");

  auto broken = line_reader::open("/proc/self/mem"); // opens, and cannot be read at its start
  REQUIRE(broken);
  std::string_view line;
  CHECK(broken->next(line) == status::failed);
  CHECK(broken->error().what == "cannot read \"/proc/self/mem\" after line 0: Input/output error");
  CHECK(broken->error().domain == leat::error_domain::external);
  CHECK(broken->next(line) == status::failed);
}

TEST_CASE("a reader can be moved between two lines") {
  const temporary_folder folder;
  auto opened = line_reader::open(folder.write("data", "a\nb\nc\n"));
  REQUIRE(opened);
  line_reader first = std::move(*opened);
  std::string_view line;
  CHECK(first.next(line) == status::line);
  line_reader second = std::move(first);
  CHECK(second.next(line) == status::line);
  CHECK(line == "b");
  auto other = line_reader::open(folder.path() + "/data");
  REQUIRE(other);
  *other = std::move(second);
  CHECK(other->next(line) == status::line);
  CHECK(line == "c");
}
