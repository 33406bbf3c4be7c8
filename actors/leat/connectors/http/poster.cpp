#include <leat/connectors/http/poster.hpp>

#include <leat/detail/record/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <httplib.h>
#include <pthread.h>
#include <thread>

namespace leat {
namespace {

constexpr std::size_t shown_of_answer = 200;

/// "http://host:8080/alerts" as "http://host:8080" and "/alerts".
result<std::pair<std::string, std::string>> split_url(const std::string& url) {
  const auto wrong = [&] {
    return user_error(fmt::format("{} is not a valid URL", shown(url)),
                      "write http://host:port/path or https://host/path");
  };
  const auto scheme = url.find("://");
  if (scheme == std::string::npos ||
      (url.substr(0, scheme) != "http" && url.substr(0, scheme) != "https"))
    return wrong();
  if (std::any_of(url.begin(), url.end(), [](unsigned char c) { return c <= ' ' || c == 0x7F; }))
    return wrong();
  const auto path = std::min(url.find_first_of("/?#", scheme + 3), url.size());
  if (path == scheme + 3 || url.find('#') != std::string::npos)
    return wrong();
  std::string rest = url.substr(path);
  return std::pair{url.substr(0, path), rest.starts_with('/') ? rest : '/' + rest};
}

bool to_be_sent_again(int status) {
  return status >= 500 || status == 408 || status == 425 || status == 429;
}

/// The answers that another body would get too.
bool concerns_all(int status) {
  return status < 400 || status == 401 || status == 403 || status == 404 || status == 405;
}

std::string answer_text(const httplib::Response& answer) {
  std::string text = fmt::format("{} {}", answer.status, answer.reason);
  if (!answer.body.empty())
    text += ": " + shown(std::string_view{answer.body}.substr(0, shown_of_answer));
  return text;
}

/// Whole seconds; dates are not read.
std::chrono::nanoseconds retry_after(const httplib::Response& answer) {
  const std::string text = answer.get_header_value("Retry-After");
  std::uint32_t seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::chrono::seconds{seconds};
}

/// Writing to a connection that the server has closed must be an error, not the end of the process.
class no_sigpipe {
public:
  no_sigpipe() {
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~no_sigpipe() {
    const timespec at_once{};
    if (!was_pending_)
      while (sigtimedwait(&pipe_, nullptr, &at_once) < 0 && errno == EINTR) {
      }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

private:
  const sigset_t pipe_ = [] {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    return set;
  }();
  sigset_t before_{};
  bool was_pending_ = false;
};

error unanswered(const std::string& url, unsigned attempts, const std::string& why) {
  return external_error(fmt::format("cannot post to \"{}\" in {} attempts: {}", url, attempts, why),
                        "does the server run, and may we reach it?", true);
}

} // namespace

struct http_poster::client {
  explicit client(const std::string& server) : http(server) {}
  httplib::Client http;
};

result<http_poster> http_poster::open(const std::string& url, const http_options& options) {
  auto parts = split_url(url);
  if (!parts)
    return parts.error();
  if (options.batch == 0 || options.attempts == 0)
    return user_error("a batch needs room for a record, and at least one attempt");
  for (const auto& [name, value] : options.headers)
    if (name.empty() || (name + value).find_first_of("\r\n") != std::string::npos)
      return user_error(fmt::format("{} is not a valid HTTP header", shown(name + ": " + value)));
  auto to = std::make_unique<client>(parts->first);
  if (!to->http.is_valid())
    return user_error(fmt::format("{} is not a valid URL", shown(url)),
                      "write http://host:port/path or https://host/path");
  to->http.set_keep_alive(true);
  to->http.set_url_encode(false);
  to->http.set_connection_timeout(options.timeout);
  to->http.set_read_timeout(options.timeout);
  to->http.set_write_timeout(options.timeout);
  return http_poster{std::move(to), url, std::move(parts->second), options};
}

http_poster::http_poster(std::unique_ptr<client> to, std::string url, std::string path,
                         http_options options)
    : to_(std::move(to)), url_(std::move(url)), path_(std::move(path)),
      options_(std::move(options)) {}
http_poster::http_poster(http_poster&&) noexcept = default;
http_poster& http_poster::operator=(http_poster&&) noexcept = default;
http_poster::~http_poster() = default;

std::optional<std::string> http_poster::post(const std::string& body, const std::string& key) {
  httplib::Headers headers(options_.headers.begin(), options_.headers.end());
  headers.emplace("Idempotency-Key", key);
  const char* type =
      options_.body == http_body::json_array ? "application/json" : "application/x-ndjson";
  const no_sigpipe guard;
  std::chrono::nanoseconds wait = options_.first_wait;
  for (unsigned attempt = 1;; ++attempt) {
    const auto answer = to_->http.Post(path_, headers, body, type);
    if (answer && answer->status >= 200 && answer->status < 300)
      return std::nullopt;
    const std::string why = answer ? answer_text(*answer) : httplib::to_string(answer.error());
    if (answer && !to_be_sent_again(answer->status)) {
      if (concerns_all(answer->status))
        throw failure(user_error(fmt::format("\"{}\" answers {}", url_, why),
                                 "check the address and what the server wants of its clients"));
      return "the server refuses it: " + why;
    }
    if (attempt == options_.attempts)
      throw failure(unanswered(url_, attempt, why));
    const auto asked = answer ? retry_after(*answer) : std::chrono::nanoseconds{0};
    std::this_thread::sleep_for(std::min(std::max(wait, asked), options_.longest_wait));
    wait = std::min(2 * wait, options_.longest_wait);
  }
}

} // namespace leat
