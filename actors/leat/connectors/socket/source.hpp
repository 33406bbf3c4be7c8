// Reads lines from a server's socket.
#pragma once

#include <leat/connectors/csv/source.hpp>
#include <leat/connectors/json_lines/source.hpp>
#include <leat/connectors/socket/line_connection.hpp>
#include <leat/dead_letter.hpp>
#include <leat/file_use.hpp>
#include <leat/source.hpp>

#include <memory>

namespace leat {

/// The lines of one server.
template <line_parser Parser>
class socket_split {
public:
  using record_type = typename Parser::record_type;

  socket_split(socket_address from, socket_options options)
      : options_(options),
        connection_(std::make_unique<line_connection>(std::move(from), options)) {}

  void cancel() const { connection_->cancel(); }

  /// Reads up to `demand` lines, but waits for none if it has some.
  pull_status pull(std::size_t demand, emitter<record_type>& out) {
    for (const std::size_t all = demand; demand > 0 && !ended_ && !out.full(); --demand) {
      const bool waits = !lines_ || !lines_->ready();
      if (waits && demand < all)
        return pull_status::more();
      if (!lines_ && !begin(out))
        continue;
      if (!lines_->ready())
        out.waiting_for("lines from " + lines_->path());
      read(out);
    }
    return ended_ ? pull_status::done() : pull_status::more();
  }

private:
  /// False if there are no lines to be read of this connection.
  bool begin(emitter<record_type>& out) {
    lines_ = connection_->connect([&out](std::string what) { out.waiting_for(std::move(what)); });
    ended_ = !lines_; // cancelled
    if (ended_)
      return false;
    auto parser = Parser::begin(*lines_, {});
    const bool whole = !lines_->unterminated();
    if (!parser && whole && parser.error().domain == error_domain::user)
      throw failure(parser.error()); // the server speaks of other columns, and will again
    if (parser && *parser && whole)
      parser_ = std::move(*parser);
    else
      end(parser ? closed_by_server : parser.error().what);
    return lines_ != nullptr;
  }

  void read(emitter<record_type>& out) {
    std::string_view line;
    switch (lines_->next(line)) {
    case line_reader::status::line:
      connection_->works();
      return parse(line, out);
    case line_reader::status::too_long:
      return reject(line, too_long_reason(*lines_, options_.max_line), out);
    case line_reader::status::end:
    case line_reader::status::stopped:
      return end(closed_by_server);
    case line_reader::status::failed:
      if (!lines_->unread().empty())
        reject(lines_->unread(), "the connection broke within it", out);
      return end(lines_->error().what);
    }
  }

  void parse(std::string_view line, emitter<record_type>& out) {
    if (lines_->unterminated())
      return reject(line, "the connection ended within it", out);
    record_type record{};
    if (const auto parsed = parser_->parse(line, record))
      out(std::move(record));
    else if (!line.empty())
      reject(line, parsed.error().what, out);
  }

  void reject(std::string_view line, std::string reason, emitter<record_type>& out) {
    out.reject(std::move(reason),
               lines_->path() + ", line " + std::to_string(lines_->line_number()),
               std::string{line.substr(0, line_reader::kept_of_too_long)});
  }

  /// The connection has ended, for this reason.
  void end(const std::string& why) {
    lines_ = nullptr;
    parser_.reset();
    ended_ = !options_.reconnect;
    if (!ended_)
      connection_->broke(why);
  }

  static constexpr const char* closed_by_server = "the server closed the connection";

  socket_options options_;
  std::unique_ptr<line_connection> connection_;
  line_reader* lines_ = nullptr; ///< of the connection, while there is one
  std::optional<Parser> parser_;
  bool ended_ = false;
};

/// Reads lines from a server that listens on a TCP or Unix socket, and connects again when the
/// connection ends. Ephemeral: lines that the server sends while no connection exists, or that were
/// read ahead when the job ends, are lost. A line cut off by the end of its connection is a dead
/// letter, since it may be incomplete. A simulation waits for the server in real time.
template <line_parser Parser>
class socket_source {
public:
  using record_type = typename Parser::record_type;
  static constexpr bool blocking = true;

  explicit socket_source(std::string address, socket_options options = {})
      : address_(std::move(address)), options_(options) {}

  /// A Unix socket is a path.
  std::vector<file_use> inputs() const {
    const auto parsed = socket_address::parse(address_);
    return parsed && !parsed->path.empty() ? std::vector{file_use{parsed->path, true}}
                                           : std::vector<file_use>{};
  }

  /// Whether the address is valid; the server is contacted by the running job.
  result<void> check() const {
    if (const auto parsed = socket_address::parse(address_); !parsed)
      return parsed.error();
    if (options_.first_wait <= std::chrono::nanoseconds{0})
      return user_error("the wait before a socket connects again must be above zero");
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
