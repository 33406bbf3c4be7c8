// Posts bodies to one address, one after the other, with retries.
#pragma once

#include <leat/error.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leat {

enum class http_body {
  json_lines, ///< an object a line, application/x-ndjson
  json_array, ///< an array of objects, application/json
};

struct http_options {
  http_body body = http_body::json_lines;
  /// Maximum number of records in a batch, and approximate maximum of bytes.
  std::size_t batch = 1000;
  std::size_t batch_bytes = std::size_t{1} << 20;
  /// Sent with each batch: {"Authorization", "Bearer ..."}.
  std::vector<std::pair<std::string, std::string>> headers = {};
  /// How long to wait for the connection, for writing, and for the answer, each.
  std::chrono::nanoseconds timeout = std::chrono::seconds{10};
  /// How long to wait before sending again: doubled each time, up to the longest. A longer
  /// Retry-After of the server, in seconds, overrides it, up to the longest too.
  std::chrono::nanoseconds first_wait = std::chrono::milliseconds{100};
  std::chrono::nanoseconds longest_wait = std::chrono::seconds{10};
  /// Attempts for one batch, after which the job fails. A job that is aborted waits for them too.
  unsigned attempts = 8;
};

/// What the answer to a batch means:
///   2xx                             taken
///   no answer, 408, 425, 429, 5xx   sent again, after a wait
///   3xx, 401, 403, 404, 405         the job fails: every batch would get this answer
///   400 and other 4xx               the server refuses this batch: a dead letter
///
/// Each body has an Idempotency-Key, the same when it is sent again. One thread at a time; posting
/// blocks.
class http_poster {
public:
  /// Parses the address, with a user error if it is invalid; the server is not contacted.
  static result<http_poster> open(const std::string& url, const http_options& options);
  http_poster(http_poster&&) noexcept;
  http_poster& operator=(http_poster&&) noexcept;
  ~http_poster();

  /// Returns why the server refuses this body, or nothing when it has taken it. Throws
  /// leat::failure when the job cannot go on.
  std::optional<std::string> post(const std::string& body, const std::string& key);

private:
  struct client;
  http_poster(std::unique_ptr<client> to, std::string url, std::string path, http_options options);

  std::unique_ptr<client> to_;
  std::string url_;
  std::string path_;
  http_options options_;
};

} // namespace leat
