// Reads lines from a server's socket.
#pragma once

#include <leat/dead_letter.hpp>
#include <leat/source.hpp>
#include <leat/sources/csv.hpp>
#include <leat/sources/json_lines.hpp>
#include <leat/sources/line_connection.hpp>

#include <deque>
#include <thread>
#include <variant>

namespace leat {

/// What a thread reads and a stage takes, so many at most. Thread-safe.
template <class T>
class read_ahead {
public:
  /// A record, or a dead letter whose stage is left to fill in.
  using item = std::variant<T, dead_letter>;

  read_ahead(std::size_t most, waker wake) : most_(most), wake_(std::move(wake)) {}

  /// Waits for room. False when nobody takes anything any more.
  bool put(item next) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return items_.size() < most_ || closed_; });
    if (closed_)
      return false;
    items_.push_back(std::move(next));
    const bool first = items_.size() == 1;
    lock.unlock();
    if (first)
      wake_();
    return true;
  }
  /// Nothing follows, for this reason if there is one.
  void finish(std::optional<error> why) {
    {
      const std::lock_guard lock(mutex_);
      finished_ = true;
      fault_ = std::move(why);
    }
    wake_();
  }

  /// Takes up to `most` items. Throws the fault behind the last one.
  pulled take(std::size_t most, std::vector<item>& to) {
    const std::lock_guard lock(mutex_);
    for (; most > 0 && !items_.empty(); --most) {
      to.push_back(std::move(items_.front()));
      items_.pop_front();
    }
    room_.notify_one();
    if (!items_.empty() || !to.empty())
      return pulled::more();
    if (fault_)
      throw failure(*fault_);
    return finished_ ? pulled::done() : pulled::idle();
  }
  /// Nobody takes anything any more.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    room_.notify_all();
  }

private:
  const std::size_t most_;
  const waker wake_;
  std::mutex mutex_; ///< guards what follows
  std::condition_variable room_;
  std::deque<item> items_;
  std::optional<error> fault_;
  bool finished_ = false;
  bool closed_ = false;
};

/// The lines of one server, read and parsed by a thread of its own from open() on.
template <line_parser Parser>
class socket_split {
public:
  using record_type = typename Parser::record_type;

  socket_split(socket_address from, socket_options options)
      : from_(std::move(from)), options_(options) {}
  socket_split(socket_split&&) = default;
  ~socket_split() {
    if (!thread_)
      return;
    thread_->read.close();
    thread_->connection.cancel();
    thread_->runs.join();
  }

  void open(waker wake) {
    thread_ = std::make_unique<reading>(from_, options_, std::move(wake));
    thread_->runs = std::thread{[t = thread_.get()] { t->run(); }};
  }

  pulled pull(std::size_t demand, output<record_type>& out) {
    items_.clear();
    const pulled answer = thread_->read.take(demand, items_);
    for (auto& i : items_)
      if (auto* letter = std::get_if<dead_letter>(&i))
        out.reject(std::move(letter->reason), std::move(letter->place), std::move(letter->raw));
      else
        out(std::move(std::get<record_type>(i)));
    return answer;
  }

private:
  struct reading {
    reading(const socket_address& from, const socket_options& o, waker wake)
        : options(o), connection(from, o), read(o.read_ahead, std::move(wake)) {}

    void run() {
      try {
        while (line_reader* lines = connection.connect()) {
          const std::string why = read_connection(*lines);
          if (!options.reconnect)
            break;
          connection.broke(why);
        }
        read.finish({});
      } catch (const failure& f) {
        read.finish(f.error());
      } catch (const std::exception& e) {
        read.finish(internal_error(e.what()));
      }
    }

    /// Reads to the end of the connection and returns why it ended.
    std::string read_connection(line_reader& lines) {
      auto parser = Parser::begin(lines, {});
      const bool whole = !lines.unterminated();
      if (!parser && whole && parser.error().domain == error_domain::user)
        throw failure(parser.error()); // the server speaks of other columns, and will again
      std::string_view line;
      while (parser && *parser && whole)
        switch (lines.next(line)) {
        case line_reader::status::line:
          connection.works();
          if (!put(**parser, lines, line))
            return "cancelled";
          break;
        case line_reader::status::too_long:
          if (!put_letter(lines, line, too_long_reason(lines, options.max_line)))
            return "cancelled";
          break;
        case line_reader::status::end:
          return "the server closed the connection";
        case line_reader::status::failed:
          if (!lines.unread().empty())
            put_letter(lines, lines.unread(), "the connection broke within it");
          return lines.error().what;
        }
      return parser ? "the server closed the connection" : parser.error().what;
    }

    bool put(Parser& parser, const line_reader& lines, std::string_view line) {
      if (lines.unterminated())
        return put_letter(lines, line, "the connection ended within it");
      record_type record{};
      auto fault = parser.parse(line, record);
      if (!fault)
        return read.put(std::move(record));
      return line.empty() || put_letter(lines, line, std::move(*fault));
    }

    bool put_letter(const line_reader& lines, std::string_view line, std::string reason) {
      return read.put(dead_letter{std::move(reason),
                                  {},
                                  lines.path() + ", line " + std::to_string(lines.line_number()),
                                  std::string{line.substr(0, line_reader::kept_of_too_long)}});
    }

    const socket_options options;
    line_connection connection;
    read_ahead<record_type> read;
    std::thread runs;
  };

  socket_address from_;
  socket_options options_;
  std::unique_ptr<reading> thread_;
  std::vector<typename read_ahead<record_type>::item> items_; ///< on their way
};

/// Reads lines from a server that listens on a TCP or Unix socket, and connects again when the
/// connection ends. Ephemeral: what the server sends while nobody is connected is gone, and so is
/// what was read ahead when the job ends. A line cut off by the end of its connection is a dead
/// letter, since nobody knows what it lacks. In simulations it is a thread of its own all the same.
template <line_parser Parser>
class socket_source {
public:
  using record_type = typename Parser::record_type;

  explicit socket_source(std::string address, socket_options options = {})
      : address_(std::move(address)), options_(options) {}

  /// Whether the address is one; the server is asked by the running job.
  result<void> check() const {
    if (const auto parsed = socket_address::parse(address_); !parsed)
      return parsed.error();
    if (options_.read_ahead == 0 || options_.first_wait <= std::chrono::nanoseconds{0})
      return user_error("a socket needs room to read ahead, and a wait above zero");
    return {};
  }

  std::vector<socket_split<Parser>> splits() const {
    auto parsed = socket_address::parse(address_);
    if (!parsed)
      throw failure(parsed.error());
    std::vector<socket_split<Parser>> one;
    one.emplace_back(std::move(*parsed), options_);
    return one;
  }

private:
  std::string address_;
  socket_options options_;
};

/// leat::json_lines_socket<tick>{"tcp://feed:9000"}: one JSON object a line.
template <class T>
using json_lines_socket = socket_source<typename detail::parser_of<json_line_parser, T>::type>;

/// leat::csv_socket<tick>{"unix:/run/feed"}: CSV with a header line in each connection.
template <class T>
using csv_socket = socket_source<typename detail::parser_of<csv_line_parser, T>::type>;

} // namespace leat
