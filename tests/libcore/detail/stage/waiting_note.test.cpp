#include <leat/detail/stage/waiting_note.hpp>

#include "support/catch.hpp"

#include <thread>

TEST_CASE("a note says what was set last, and nothing once it is cleared") {
  leat::waiting_note note;
  CHECK(note.text().empty());
  note.set("connecting");
  note.set("connecting again");
  CHECK(note.text() == "connecting again");
  note.clear();
  CHECK(note.text().empty());
}

// A torn text shows only now and then; ThreadSanitizer reports the race at once.
TEST_CASE("a note that is set while it is read is read whole") {
  leat::waiting_note note;
  std::thread writer([&] {
    for (int i = 0; i < 20'000; ++i)
      note.set(std::string(static_cast<std::size_t>(i % 64), static_cast<char>('a' + i % 26)));
    note.clear();
  });
  bool whole = true;
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = note.text();
    whole = whole && text.find_first_not_of(text.substr(0, 1)) == std::string::npos;
  }
  writer.join();
  CHECK(whole);
}
