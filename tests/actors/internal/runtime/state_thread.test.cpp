#include <leat/internal/runtime/state_thread.hpp>

#include <leat/internal/checkpoint/manifest.hpp>
#include <leat/internal/checkpoint/posix_files.hpp>

#include "support/catch.hpp"
#include "support/files.hpp"

#include <future>

using namespace leat;

namespace {

captured_state state(epoch n, captured_bytes content) {
  return {n, "stage", 1, 4, 2, true, false, false, std::move(content)};
}

} // namespace

TEST_CASE("a state is encoded and written in a thread of its own") {
  const support::temporary_folder folder;
  posix_files files;
  REQUIRE(files.make_folder(folder / "state"));
  state_thread thread(files, folder.path(), 7);
  std::promise<std::thread::id> encoded;
  std::promise<result<std::string>> saved;
  thread.keeper()(state(3, {[&](std::string& to) {
                          encoded.set_value(std::this_thread::get_id());
                          to += "content";
                        }}),
                  [&](result<std::string> how) { saved.set_value(std::move(how)); });
  const auto how = saved.get_future().get();
  CHECK(encoded.get_future().get() != std::this_thread::get_id());
  REQUIRE(how);
  const auto read = decode_subtask(*how);
  REQUIRE(read);
  const saved_subtask& entry = *read;
  CHECK(entry.stage == "stage");
  CHECK(entry.subtask == 1);
  CHECK(entry.subtasks == 4);
  CHECK(entry.ended);
  CHECK(entry.file.bytes == 7);
  CHECK(*read_state(files, folder.path(), entry.file) == "content");
}

TEST_CASE("a state that cannot be written is an error, and what waits at the end is dropped") {
  const support::temporary_folder folder;
  posix_files files;
  std::promise<result<std::string>> first;
  std::promise<void> go_on;
  bool second = false;
  {
    state_thread thread(files, folder / "not there", 1);
    thread.keeper()(state(1, {[](std::string&) {}}), [&](result<std::string> how) {
      first.set_value(std::move(how));
      go_on.get_future().wait();
    });
    CHECK_FALSE(first.get_future().get());
    thread.keeper()(state(2, {[](std::string&) {}}), [&](result<std::string>) { second = true; });
    go_on.set_value();
  }
  (void)second; // it may have been written, or not
}
