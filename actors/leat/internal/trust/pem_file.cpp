#include <leat/internal/trust/pem_file.hpp>

#include <leat/connectors/files/output_file.hpp>

#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace leat {

namespace {

using byte_stream = std::unique_ptr<BIO, freed_by<BIO_free>>;

constexpr const char* copy_again = "copy it again from where certs made it";

// --- reading ------------------------------------------------------------------------------------

error read_error(const std::string& path, int code) {
  std::string what =
      fmt::format("cannot read \"{}\": {}", path, std::generic_category().message(code));
  if (code == ENOENT)
    return user_error(std::move(what),
                      "certs init makes ca.pem, certs issue makes NAME.pem and NAME.key");
  if (code == EACCES)
    return user_error(std::move(what), "it must be readable for the user who runs this");
  return external_error(std::move(what));
}

result<byte_stream> opened(const std::string& path, bool is_secret) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return read_error(path, errno);
  byte_stream stream(BIO_new_fd(file, BIO_CLOSE));
  struct stat about {};
  if (::fstat(file, &about) != 0)
    return read_error(path, errno);
  if (!S_ISREG(about.st_mode))
    return user_error(fmt::format("cannot read \"{}\": it is not a regular file", path),
                      copy_again);
  if (is_secret && (about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return user_error(fmt::format("\"{}\" is open to other users: its mode is {:04o}", path,
                                  about.st_mode & 07777U),
                      fmt::format("chmod 600 {}", path));
  return stream;
}

// Instead of OpenSSL's, which asks on the terminal.
int no_password(char*, int, int, void*) { return -1; }

// --- writing ------------------------------------------------------------------------------------

// A file for its owner alone, under a name of its own until take_name(). Removed if it never is.
class unnamed_file {
public:
  explicit unnamed_file(const std::string& path)
      : path_(path), temporary_(path + ".partial-XXXXXX"),
        file_(::mkostemp(temporary_.data(), O_CLOEXEC)), code_(file_ < 0 ? errno : 0) {}
  ~unnamed_file() {
    if (file_ < 0)
      return;
    ::close(file_);
    ::unlink(temporary_.c_str());
  }
  unnamed_file(const unnamed_file&) = delete;
  unnamed_file& operator=(const unnamed_file&) = delete;

  // `write` puts the content into a stream.
  template <class Write>
  result<void> fill(mode_t mode, Write&& write) {
    if (file_ < 0)
      return write_error(path_, code_);
    const byte_stream to(BIO_new_fd(file_, BIO_NOCLOSE));
    errno = 0;
    if (write(to.get()) != 1)
      return errno != 0 ? write_error(path_, errno)
                        : internal_error(fmt::format("OpenSSL cannot write \"{}\"{}", path_,
                                                     openssl_reason()));
    if (::fchmod(file_, mode) != 0 || ::fsync(file_) != 0)
      return write_error(path_, errno);
    return {};
  }

  // A link fails where a name is taken; renaming would replace what has it.
  result<void> take_name() {
    if (::link(temporary_.c_str(), path_.c_str()) == 0)
      return {};
    if (errno == EEXIST)
      return user_error(fmt::format("\"{}\" exists, and is not replaced", path_),
                        "choose another folder, or move the old key and certificate away");
    return write_error(path_, errno);
  }

private:
  std::string path_;
  std::string temporary_;
  int file_;
  int code_;
};

result<void> sync_folder_of(const std::string& path) {
  const std::string folder = path.substr(0, path.rfind('/') + 1) + ".";
  const int at = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = at >= 0 && (::fsync(at) == 0 || errno == EINVAL); // EINVAL: it has no need
  const int code = errno;
  if (at >= 0)
    ::close(at);
  if (!synced)
    return write_error(path, code);
  return {};
}

} // namespace

result<certificate> read_certificate(const std::string& path) {
  const auto from = opened(path, false);
  if (!from)
    return from.error();
  certificate read(PEM_read_bio_X509(from->get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  if (!read)
    return user_error(fmt::format("\"{}\" contains no certificate in PEM", path), copy_again);
  return read;
}

result<private_key> read_private_key(const std::string& path) {
  const auto from = opened(path, true);
  if (!from)
    return from.error();
  private_key read(PEM_read_bio_PrivateKey(from->get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  if (!read)
    return user_error(fmt::format("\"{}\" contains no unencrypted private key in PEM", path),
                      copy_again);
  return read;
}

result<certified_key> read_certified_key(const std::string& certificate_path,
                                         const std::string& key_path) {
  auto certified = read_certificate(certificate_path);
  if (!certified)
    return certified.error();
  auto key = read_private_key(key_path);
  if (!key)
    return key.error();
  const bool belongs = X509_check_private_key(certified->get(), key->get()) == 1;
  ERR_clear_error();
  if (!belongs)
    return user_error(fmt::format("\"{}\" is not the key of \"{}\"", key_path, certificate_path),
                      "copy both again from where certs made them");
  return certified_key{std::move(*certified), std::move(*key)};
}

result<void> write_new(const std::string& key_path, EVP_PKEY& key,
                       const std::string& certificate_path, X509& certified) {
  unnamed_file secret(key_path);
  if (auto done = secret.fill(0600,
                              [&](BIO* to) {
                                return PEM_write_bio_PKCS8PrivateKey(to, &key, nullptr, nullptr, 0,
                                                                     nullptr, nullptr);
                              });
      !done)
    return done;
  unnamed_file open(certificate_path);
  if (auto done = open.fill(0644, [&](BIO* to) { return PEM_write_bio_X509(to, &certified); });
      !done)
    return done;
  if (auto done = secret.take_name(); !done)
    return done;
  if (auto done = open.take_name(); !done) {
    ::unlink(key_path.c_str());
    return done;
  }
  return sync_folder_of(key_path);
}

std::string shown_time(const ASN1_TIME* time) {
  std::tm t{};
  ASN1_TIME_to_tm(time, &t);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", t.tm_year + 1900, t.tm_mon + 1,
                     t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
}

std::string openssl_reason() {
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason ? fmt::format(" ({})", reason) : "";
}

} // namespace leat
