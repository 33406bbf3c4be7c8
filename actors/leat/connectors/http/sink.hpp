// Posts records to a server over HTTP.
#pragma once

#include <leat/connectors/http/poster.hpp>
#include <leat/detail/transport/raw_text.hpp>
#include <leat/json.hpp>
#include <leat/sink.hpp>

namespace leat {

/// Posts records, or scored records, as JSON: leat::http_sink<alert>{"http://host:8080/alerts"}.
///
/// A batch is sent when it is full and whenever the stage has nothing to do, one after the other.
/// At least once: a batch without an answer is sent again with the same Idempotency-Key, so a
/// server that remembers keys takes each batch once; a repeated run sends everything again, with
/// other keys. See http_poster for what answers mean.
template <class T>
class http_sink {
public:
  static constexpr bool blocking = true;
  static constexpr bool publishes_as_it_goes = true;

  explicit http_sink(std::string url, http_options options = {})
      : url_(std::move(url)), options_(std::move(options)) {}
  /// A copy is for another subtask: it connects itself.
  http_sink(const http_sink& other) : url_(other.url_), options_(other.options_) {}
  http_sink(http_sink&&) = default;

  /// Whether the address is valid; the server is not contacted.
  result<void> check() const {
    if (const auto poster = http_poster::open(url_, options_, 0); !poster)
      return poster.error();
    return {};
  }

  result<void> open(const sink_context& place) {
    place_ = place;
    auto poster = http_poster::open(url_, options_, place.subtask);
    if (!poster)
      return poster.error();
    poster_ = std::move(*poster);
    return {};
  }

  void write(std::span<const T> records) {
    for (const T& r : records) {
      add(r);
      if (++count_ == options_.batch || body_.size() >= options_.batch_bytes)
        post();
    }
  }

  void flush() { post(); }
  void prepare() { post(); }

private:
  void add(const T& record) {
    const bool array = options_.body == http_body::json_array;
    if (array)
      body_ += count_ == 0 ? '[' : ',';
    append_json(body_, record);
    if (!array)
      body_ += '\n';
  }

  void post() {
    if (count_ == 0)
      return;
    if (options_.body == http_body::json_array)
      body_ += ']';
    if (auto refused = poster_->post(body_))
      reject(std::move(*refused));
    body_.clear();
    count_ = 0;
  }

  void reject(std::string reason) {
    if (!place_.dead_letters)
      throw failure(user_error(std::move(reason)));
    place_.dead_letters->put({std::move(reason), place_.stage,
                              "batch " + std::to_string(poster_->posted()) + " of " +
                                  std::to_string(count_) + " records",
                              body_});
  }

  std::string url_;
  http_options options_;
  sink_context place_;
  std::optional<http_poster> poster_;
  std::string body_;
  std::size_t count_ = 0; ///< records in it
};

} // namespace leat
