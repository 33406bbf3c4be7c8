// Sources that block: their jobs take a stop at any time, and read what there is without waiting
// for more.
#include <leat/connectors/csv/source.hpp>
#include <leat/connectors/memory/collect.hpp>
#include <leat/connectors/protobuf/source.hpp>
#include <leat/connectors/socket/source.hpp>
#include <leat/job.hpp>

#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/letters.hpp"
#include "support/line_server.hpp"

#include <condition_variable>
#include <fcntl.h>
#include <filesystem>
#include <mutex>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace std::chrono_literals;

namespace {

struct tick {
  std::int64_t id = 0;
  static constexpr auto fields = leat::fields("tick", leat::field("id", &tick::id));
};

std::size_t threads() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& task : std::filesystem::directory_iterator("/proc/self/task"))
    ++count;
  return count;
}

template <class Condition>
bool soon(Condition condition) {
  for (int tries = 0; tries < 3000 && !condition(); ++tries)
    std::this_thread::sleep_for(10ms);
  return condition();
}

/// A job of one source into a collecting sink.
struct reading {
  support::kept_letters dead_letters;
  leat::collect<tick> all;
  std::optional<leat::job> job;

  template <class Source>
  explicit reading(Source source) {
    leat::graph g{"ticks"};
    g.from("in", std::move(source)).to("all", all);
    leat::run_options o;
    o.dead_letters = &dead_letters;
    auto started = leat::job::start(std::move(g), o);
    REQUIRE(started);
    job.emplace(std::move(*started));
  }
  bool reads(std::size_t count) {
    return soon([&] { return job->metrics().stages.back().records_in == count; });
  }
  bool waits_for(const std::string& what) {
    return soon([&] { return job->metrics().stages.front().waiting_for == what; });
  }
  void stop() {
    job->stop();
    REQUIRE(job->wait_for(20s));
    CHECK(job->wait());
  }
};

struct fifo {
  support::temporary_folder folder;
  std::string path = folder / "fifo";
  int writer = -1;
  fifo() { REQUIRE(::mkfifo(path.c_str(), 0600) == 0); }
  ~fifo() { ::close(writer); }
  void write(std::string_view text) {
    if (writer < 0)
      writer = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    REQUIRE(::write(writer, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
};

// Blocks after its records, and nothing ends that.
struct stuck {
  using record_type = tick;
  static constexpr bool blocking = true;
  struct world {
    std::mutex mutex;
    std::condition_variable changed;
    bool released = false;
    bool left = false;
  };
  std::shared_ptr<world> in;
  std::int64_t next = 0;

  leat::pull_status pull(std::size_t demand, leat::emitter<tick>& out) {
    for (; demand > 0 && next < 10; --demand)
      out({next++});
    if (next == 10 && demand == 0)
      return leat::pull_status::more();
    if (!std::exchange(told, true))
      return leat::pull_status::more();
    out.waiting_for("release");
    std::unique_lock lock(in->mutex);
    in->changed.wait(lock, [&] { return in->released; });
    in->left = true;
    in->changed.notify_all();
    return leat::pull_status::done();
  }
  bool told = false;
};

} // namespace

TEST_CASE(
    "a job whose source waits for a FIFO stops, with or without a writer, and leaves nothing") {
  const std::size_t before = threads();
  for (int round = 0; round < 20; ++round) {
    const bool written = round % 2 == 0;
    fifo pipe;
    {
      reading r(leat::csv_source<tick>{pipe.path});
      REQUIRE(r.waits_for("input from \"" + pipe.path + "\""));
      if (written) {
        pipe.write("id\n1\n2\n3"); // the last line has not ended: it was not read
        REQUIRE(r.reads(2));
      }
      r.stop();
      CHECK(r.all.records().size() == (written ? 2 : 0));
      CHECK(r.dead_letters.letters.empty());
      CHECK(r.job->metrics().stages.front().waiting_for.empty());
    }
    CHECK(soon([&] { return threads() <= before; }));
  }
}

TEST_CASE("a job that is aborted while its source waits ends at once") {
  const std::size_t before = threads();
  for (int round = 0; round < 20; ++round) {
    fifo pipe;
    {
      reading r(leat::csv_source<tick>{pipe.path});
      if (round % 2 == 0)
        REQUIRE(r.waits_for("input from \"" + pipe.path + "\""));
      r.job->abort();
      REQUIRE(r.job->wait_for(20s));
      CHECK(!r.job->wait());
    }
    CHECK(soon([&] { return threads() <= before; }));
  }
}

TEST_CASE("lines of a pipe are handed on as they come, and its end is the end") {
  fifo pipe;
  reading r(leat::csv_source<tick>{pipe.path});
  std::string text = "id\n";
  for (int n = 0; n < 5; ++n) {
    pipe.write(text + std::to_string(n) + "\n");
    REQUIRE(r.reads(static_cast<std::size_t>(n) + 1));
    text.clear();
  }
  ::close(std::exchange(pipe.writer, -1));
  REQUIRE(r.job->wait_for(20s));
  CHECK(r.job->wait());
  CHECK(r.all.records().size() == 5);
}

TEST_CASE("a reader of the user's own that never returns delays neither a stop nor the end") {
  for (int round = 0; round < 20; ++round) {
    auto world = std::make_shared<stuck::world>();
    {
      reading r(stuck{world});
      REQUIRE(r.waits_for("release"));
      REQUIRE(r.reads(10));
      if (round % 2 == 0) {
        r.stop();
        CHECK(r.all.records().size() == 10);
      } else {
        r.job->abort();
        REQUIRE(r.job->wait_for(20s));
      }
    }
    // Its thread is left behind, and does no harm when it goes on.
    std::unique_lock lock(world->mutex);
    world->released = true;
    world->changed.notify_all();
    CHECK(world->changed.wait_for(lock, 20s, [&] { return world->left; }));
  }
}

TEST_CASE("a source says whom it waits for when nobody listens") {
  std::string address;
  {
    support::line_server gone;
    address = gone.address();
  }
  reading r(leat::json_lines_socket<tick>{address, {.first_wait = 1h, .longest_wait = 1h}});
  CHECK(soon([&] {
    return r.job->metrics().stages.front().waiting_for.starts_with(
        "connecting to " + address + ": Connection refused, next try in ");
  }));
  r.stop();
}
