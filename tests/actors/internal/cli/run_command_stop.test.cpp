#include <leat/connectors/csv/sink.hpp>
#include <leat/connectors/csv/source.hpp>

#include "support/program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace leat;
using namespace support;
using namespace std::chrono_literals;

namespace {

/// Interrupts twice during its first write, slowly enough to be heard twice.
struct interrupting_sink {
  static constexpr bool blocking = true;
  csv_sink<counted> file;
  bool first = true;
  result<void> open(const sink_context& place) { return file.open(place); }
  result<void> write(std::span<const counted> records) {
    for (int i = 0; std::exchange(first, false) || (i > 0 && i < 2); ++i) {
      std::raise(SIGINT);
      std::this_thread::sleep_for(200ms);
    }
    return file.write(records);
  }
  auto prepare(epoch n) { return file.prepare(n); }
  result<void> commit(const sealed_parts& parts) { return file.commit(parts); }
};

/// Interrupts twice when it prepares.
struct slow_end {
  static constexpr bool blocking = true;
  std::chrono::milliseconds wait;
  void write(std::span<const counted>) {}
  std::string prepare(epoch) const {
    std::raise(SIGINT);
    std::this_thread::sleep_for(wait);
    std::raise(SIGINT);
    return {};
  }
  void commit(const std::string&) {}
};

} // namespace

TEST_CASE("the first interrupt completes what was read") {
  const default_signals usual;
  const scratch_folder folder;
  const int signal = GENERATE(SIGINT, SIGTERM);
  const outcome told =
      run_counting({endless, 100'000, [&](emitter<counted>&) { std::raise(signal); }},
                   csv_sink<counted>{"out.csv"});
  CHECK(told.code == exit_done);
  CHECK(told.err == fmt::format("counting: stopping: finishing what was read ({} again to stop at "
                                "once)\n",
                                signal == SIGTERM ? "SIGTERM" : "Ctrl-C"));
  CHECK(folder.files() == std::vector<std::string>{"out.csv"});

  std::ifstream in{"out.csv"};
  std::string line;
  std::getline(in, line);
  CHECK(line == "id");
  std::int64_t next = 0;
  bool whole = true;
  for (; std::getline(in, line); ++next)
    whole = whole && line == std::to_string(next);
  CHECK(whole);
  CHECK(next > 100'000);
  std::string records = fmt::format("{}", next);
  for (std::size_t at = records.size(); at > 3;)
    records.insert(at -= 3, " ");
  CHECK(told.out.starts_with("records       " + records + "\n"));
  CHECK(has(told.out, "\nout           out " + records + "\n"));
}

TEST_CASE("the second interrupt ends it at once, and no output appears") {
  const default_signals usual;
  const scratch_folder folder;
  const outcome told = run_counting({endless}, interrupting_sink{csv_sink<counted>{"out.csv"}});
  CHECK(told.code == exit_stopped_at_once);
  CHECK(told.out.empty());
  CHECK(told.err == "counting: stopping: finishing what was read (Ctrl-C again to stop at once)\n"
                    "counting: error: stopped at once, as asked\n");
  CHECK(folder.files().empty());
}

TEST_CASE("a second interrupt while the last sink prepares publishes nothing, at any moment") {
  const default_signals usual;
  for (int round = 0; round < 24; ++round) {
    const scratch_folder folder;
    leat::program p{"ending", "Ends."};
    p.graph([&] {
      leat::graph g{"ending"};
      auto in = g.from("items", counter{1000});
      in.to("out", csv_sink<counted>{"out.csv"});
      in.to("slow", slow_end{std::chrono::milliseconds{21 + round}});
      return g;
    });
    const outcome told = outcome_of(p, {"run"});
    INFO(told.err);
    REQUIRE(told.code == exit_stopped_at_once);
    REQUIRE(told.out.empty());
    REQUIRE(folder.files().empty());
  }
}

TEST_CASE("a full dead letter file is told, and does not hinder the second interrupt") {
  const default_signals usual;
  const scratch_folder folder;
  const counter with_letters{endless, 50, [](emitter<counted>& out) {
                               for (;;)
                                 out.reject("too strange", "items.csv:51", "?!");
                             }};
  std::thread user([] {
    std::this_thread::sleep_for(300ms);
    std::raise(SIGINT);
    std::this_thread::sleep_for(300ms);
    std::raise(SIGINT);
  });
  const outcome told =
      run_counting(with_letters, csv_sink<counted>{"out.csv"}, {"--dead-letter-cap", "1kB"});
  user.join();
  CHECK(told.code == exit_stopped_at_once);
  CHECK(has(told.err,
            "counting: dead letters: \"counting-dead-letters/dead-letters.jsonl\" is full"));
  CHECK(folder.files() == std::vector<std::string>{"counting-dead-letters"});
}

TEST_CASE("an interrupt ends a job that waits for input, and completes what was read") {
  const default_signals usual;
  const bool written = GENERATE(false, true);
  const scratch_folder folder;
  REQUIRE(::mkfifo("in.csv", 0600) == 0);
  std::thread user([&] {
    // With a writer: it opens once the job does, and stays.
    const int writer = written ? ::open("in.csv", O_WRONLY | O_CLOEXEC) : -1;
    const bool wrote = written && ::write(writer, "id\n7\n", 5) == 5;
    std::this_thread::sleep_for(wrote ? 500ms : 300ms);
    std::raise(SIGINT);
    std::this_thread::sleep_for(100ms);
    ::close(writer);
  });
  leat::program p{"counting", "Counts."};
  p.graph([] {
    leat::graph g{"counting"};
    g.from("items", csv_source<counted>{"in.csv"}).to("out", csv_sink<counted>{"out.csv"});
    return g;
  });
  const outcome told = outcome_of(p, {"run"});
  user.join();
  CHECK(told.code == exit_done);
  CHECK(told.err == "counting: stopping: finishing what was read (Ctrl-C again to stop at once)\n");
  if (written) {
    std::ifstream in{"out.csv"};
    CHECK(std::string{std::istreambuf_iterator<char>{in}, {}} == "id\n7\n");
  }
}
