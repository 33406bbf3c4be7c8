#include <leat/internal/cluster/tls_scribe.hpp>

#include <leat/internal/net/link_watch.hpp>

#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/stream_impl.hpp>
#include <charconv>
#include <openssl/ssl.h>

namespace leat {

namespace {

using caf::io::network::native_socket;
using caf::io::network::rw_state;

// How CAF's stream reads and writes.
class tls_policy {
public:
  explicit tls_policy(tls_session session) : session_(std::move(session)) {}

  rw_state read_some(std::size_t& moved, native_socket, void* to, std::size_t size) {
    return state_of(leat::read_some(*session_, {static_cast<char*>(to), size}, moved));
  }
  rw_state write_some(std::size_t& moved, native_socket, const void* from, std::size_t size) {
    return state_of(leat::write_some(*session_, {static_cast<const char*>(from), size}, moved));
  }
  // What the session has decrypted already makes no socket ready.
  bool must_read_more(native_socket, std::size_t threshold) {
    return static_cast<std::size_t>(SSL_pending(session_.get())) >= threshold;
  }

private:
  static rw_state state_of(transfer t) {
    switch (t) {
    case transfer::moved:
      return rw_state::success;
    case transfer::closed:
      return rw_state::failure;
    default:
      return rw_state::indeterminate;
    }
  }

  tls_session session_;
};

// CAF's stream closes the socket; all that CAF has of another host is lost with it.
class tls_scribe final : public caf::io::scribe {
public:
  tls_scribe(caf::io::network::default_multiplexer& backend, owned_socket socket,
             tls_session session)
      : caf::io::scribe(caf::io::network::conn_hdl_from_socket(socket.get())),
        stream_(backend, socket.get(), std::move(session)) {
    (void)socket.release();
    link_watch::of_process().add(stream_.fd());
  }
  ~tls_scribe() override { link_watch::of_process().remove(stream_.fd()); }

  void configure_read(caf::io::receive_policy::config config) override {
    stream_.configure_read(config);
    if (!std::exchange(started_, true))
      stream_.start(this);
  }
  void ack_writes(bool enable) override { stream_.ack_writes(enable); }
  std::vector<char>& wr_buf() override { return stream_.wr_buf(); }
  std::vector<char>& rd_buf() override { return stream_.rd_buf(); }
  void graceful_shutdown() override {
    stream_.graceful_shutdown();
    detach(&stream_.backend(), false);
  }
  void flush() override { stream_.flush(this); }
  std::string addr() const override { return remote_address(stream_.fd()).host; }
  std::uint16_t port() const override { // 0 once the other end is gone
    const std::string text = remote_address(stream_.fd()).port;
    std::uint16_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  }
  void add_to_loop() override { stream_.activate(this); }
  void remove_from_loop() override { stream_.passivate(); }

private:
  bool started_ = false;
  caf::io::network::stream_impl<tls_policy> stream_;
};

} // namespace

caf::io::scribe_ptr make_tls_scribe(caf::io::network::default_multiplexer& backend, tls_link link) {
  auto [socket, session] = std::move(link).release();
  return caf::make_counted<tls_scribe>(backend, std::move(socket), std::move(session));
}

} // namespace leat
