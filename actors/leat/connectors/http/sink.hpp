// Posts records to a server over HTTP.
#pragma once

#include <leat/connectors/files/spool.hpp>
#include <leat/connectors/http/poster.hpp>
#include <leat/detail/transport/raw_text.hpp>
#include <leat/json.hpp>
#include <leat/sink.hpp>

namespace leat {

/// The batches of one epoch, before they are posted: what the sink prepares.
struct http_epoch {
  std::string key; ///< of the sink that has prepared them
  epoch of = 0;
  spooled batches;
  static constexpr auto fields = leat::fields("http_epoch", leat::field("key", &http_epoch::key),
                                              leat::field("of", &http_epoch::of),
                                              leat::field("batches", &http_epoch::batches));
};

/// Posts records, or scored records, as JSON: leat::http_sink<alert>{"http://host:8080/alerts"}.
/// Batches are sent one after the other; see http_poster for what answers mean.
///
/// Without checkpoints a batch is sent when it is full and whenever the stage has nothing to do. At
/// least once: a batch without an answer is sent again with the same Idempotency-Key, so a server
/// that remembers keys takes each batch once; a repeated run sends everything again, with other
/// keys.
///
/// With checkpoints the batches of an epoch are sent when its checkpoint is complete. After a
/// restart some are sent again, with the same keys: so a server that remembers keys takes each
/// record once.
template <class T>
class http_sink {
public:
  static constexpr bool blocking = true;
  static constexpr bool publishes_as_it_goes = true;
  static constexpr bool commits_with_keys = true;

  explicit http_sink(std::string url, http_options options = {})
      : url_(std::move(url)), options_(std::move(options)) {}
  /// A copy is for another subtask: it connects itself.
  http_sink(const http_sink& other) : url_(other.url_), options_(other.options_) {}
  http_sink(http_sink&&) = default;

  /// Whether the address is valid; the server is not contacted.
  result<void> check() const {
    if (const auto poster = http_poster::open(url_, options_); !poster)
      return poster.error();
    return {};
  }

  result<void> open(const sink_context& place) {
    place_ = place;
    auto poster = http_poster::open(url_, options_);
    if (!poster)
      return poster.error();
    poster_ = std::move(*poster);
    key_ = unique_name() + '-' + std::to_string(place.subtask);
    if (!place.checkpoints)
      return {};
    auto batches = spool::open(place);
    if (!batches)
      return batches.error();
    batches_ = std::move(*batches);
    return {};
  }

  void write(std::span<const T> records) {
    for (const T& r : records) {
      add(r);
      if (++count_ == options_.batch || body_.size() >= options_.batch_bytes)
        end_batch();
    }
  }

  void flush() {
    if (!batches_)
      end_batch();
  }

  result<std::optional<http_epoch>> prepare(epoch n) {
    end_batch();
    if (!batches_)
      return std::optional<http_epoch>{};
    auto sealed = batches_->seal(n);
    if (!sealed)
      return sealed.error();
    if (!*sealed)
      return std::optional<http_epoch>{};
    return std::optional{http_epoch{key_, n, std::move(**sealed)}};
  }
  result<void> commit(const http_epoch& prepared) {
    if (batches_->is_done(prepared.batches))
      return batches_->done(prepared.batches);
    const std::string of = std::to_string(prepared.of);
    std::uint64_t count = 0;
    const auto posted = batches_->read(prepared.batches, [&](std::string_view body) {
      const std::string number = std::to_string(++count);
      post(std::string(body), prepared.key + '-' + of + '-' + number,
           "batch " + number + " of epoch " + of);
    });
    if (!posted)
      return posted;
    return batches_->done(prepared.batches);
  }
  result<void> discard_uncommitted() { return batches_->discard(); }

private:
  void add(const T& record) {
    const bool array = options_.body == http_body::json_array;
    if (array)
      body_ += count_ == 0 ? '[' : ',';
    append_json(body_, record);
    if (!array)
      body_ += '\n';
  }

  /// With checkpoints the batch waits for its epoch, else it is posted.
  void end_batch() {
    if (count_ == 0)
      return;
    if (options_.body == http_body::json_array)
      body_ += ']';
    if (!batches_) {
      const std::string number = std::to_string(++posted_);
      post(body_, key_ + '-' + number,
           "batch " + number + " of " + std::to_string(count_) + " records");
    } else if (auto kept = batches_->add(body_); !kept) {
      throw failure(kept.error());
    }
    body_.clear();
    count_ = 0;
  }

  void post(const std::string& body, const std::string& key, const std::string& which) {
    auto refused = poster_->post(body, key);
    if (!refused)
      return;
    if (!place_.dead_letters)
      throw failure(user_error(std::move(*refused)));
    place_.dead_letters->put({std::move(*refused), place_.stage, which, body});
  }

  std::string url_;
  http_options options_;
  sink_context place_;
  std::optional<http_poster> poster_;
  std::string key_;              ///< of this sink: all of its batches' keys begin so
  std::optional<spool> batches_; ///< with checkpoints: those of the present epoch
  std::uint64_t posted_ = 0;     ///< without checkpoints
  std::string body_;
  std::size_t count_ = 0; ///< records in it
};

} // namespace leat
