// Programs called as from a command line, and what they print.
#pragma once

#include <leat/run.hpp>

#include "support/catch.hpp"
#include "support/files.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace support {

struct counted {
  std::int64_t id = 0;
  static constexpr auto fields = leat::fields("counted", leat::feature("id", &counted::id));
};

/// Counts up; and calls `at_turn` when it comes to that record.
struct counter {
  using record_type = counted;
  std::int64_t end = 0;
  std::int64_t turn = -1;
  std::function<void(leat::emitter<counted>&)> at_turn = nullptr;
  std::int64_t next = 0;

  leat::pull_status pull(std::size_t demand, leat::emitter<counted>& out) {
    for (; demand > 0 && next < end; --demand) {
      if (next == turn)
        at_turn(out);
      out({next++});
    }
    return next < end ? leat::pull_status::more() : leat::pull_status::done();
  }
};
inline constexpr std::int64_t endless = std::numeric_limits<std::int64_t>::max();

struct constant {
  using score_type = float;
  void predict(std::span<const counted> rows, std::span<float> scores) const {
    std::fill_n(scores.begin(), rows.size(), 0.5F);
  }
};

struct counting_sink {
  std::shared_ptr<std::atomic<std::uint64_t>> records =
      std::make_shared<std::atomic<std::uint64_t>>();
  template <class T>
  void write(std::span<const T> r) {
    *records += r.size();
  }
};

/// What a program printed, and its exit code.
struct outcome {
  int code = -1;
  std::string out;
  std::string err;
};

class memory_stream {
public:
  memory_stream() : stream_(open_memstream(&text_, &size_)) {}
  ~memory_stream() {
    std::fclose(stream_);
    std::free(text_);
  }
  memory_stream(const memory_stream&) = delete;
  memory_stream& operator=(const memory_stream&) = delete;
  std::FILE* get() { return stream_; }
  std::string text() {
    std::fflush(stream_);
    return {text_, size_};
  }

private:
  char* text_ = nullptr;
  std::size_t size_ = 0;
  std::FILE* stream_;
};

inline int call(leat::program& p, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "./program");
  std::vector<char*> argv;
  for (std::string& a : arguments)
    argv.push_back(a.data());
  argv.push_back(nullptr);
  return p.main(static_cast<int>(arguments.size()), argv.data());
}

inline outcome outcome_of(leat::program& p, std::vector<std::string> arguments) {
  memory_stream out;
  memory_stream err;
  p.print_to(out.get(), err.get());
  const int code = call(p, std::move(arguments));
  return {code, out.text(), err.text()};
}

/// A folder that is gone after the test, and the working directory meanwhile.
struct scratch_folder {
  scratch_folder() { std::filesystem::current_path(folder.path()); }
  ~scratch_folder() { std::filesystem::current_path(before); }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& f : std::filesystem::directory_iterator{folder.path()})
      names.push_back(f.path().filename());
    return names;
  }
  temporary_folder folder;
  std::filesystem::path before = std::filesystem::current_path();
};

/// Programs of tests started in the background find signals ignored; these tests need them.
struct default_signals {
  default_signals() { std::signal(SIGINT, SIG_DFL), std::signal(SIGTERM, SIG_DFL); }
};

/// A program that counts and scores.
struct scoring_program : leat::program {
  std::int64_t items = 1000;
  std::string model = "good";
  std::string trained;
  counting_sink alerts;

  scoring_program() : leat::program("scoring", "Scores items.") {
    add("-n,--items N", items, "how many");
    graph([this] {
      if (model == "none")
        throw leat::failure(leat::external_error("no model", "train one"));
      leat::graph g{"scores"};
      g.from("items", counter{items})
          .window("pane", leat::micro_batch{100, std::chrono::seconds{5}})
          .score("risk", constant{})
          .to("alerts", alerts);
      return g;
    });
    add("--model FILE", model, "what scores");
    command("train", "trains a model", [this]() -> leat::result<void> {
      if (trained == "badly")
        return leat::user_error("no payments", "simulate some");
      if (trained == "broken")
        throw std::runtime_error("a bug");
      if (trained == "nowhere")
        throw leat::failure(leat::external_error("disk full"));
      return {};
    }).add("--out FILE", trained, "where the model goes");
  }
};

inline outcome scoring(std::vector<std::string> arguments) {
  scoring_program p;
  return outcome_of(p, std::move(arguments));
}

inline leat::graph counting_into(counter from, auto sink) {
  leat::graph g{"counting"};
  g.from("items", std::move(from)).to("out", std::move(sink));
  return g;
}

inline outcome run_counting(counter from, auto sink, std::vector<std::string> arguments = {}) {
  leat::program p{"counting", "Counts."};
  p.graph([&] { return counting_into(from, sink); });
  arguments.insert(arguments.begin(), "run");
  return outcome_of(p, std::move(arguments));
}

inline bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace support
