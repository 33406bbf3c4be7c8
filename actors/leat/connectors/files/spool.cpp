#include <leat/connectors/files/spool.hpp>

#include <leat/connectors/files/delimited_reader.hpp>
#include <leat/detail/record/key.hpp>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <sys/random.h>
#include <unistd.h>

namespace leat {
namespace {

constexpr std::string_view done_mark = ".done";
constexpr std::size_t most_marks = 100;

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

/// The name of a stage as one of a file: other characters than these as %2F.
std::string escaped(std::string_view stage) {
  std::string name;
  for (const char c : stage) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_';
    name += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return name;
}

/// The checksum of some pieces and this one after them.
std::uint64_t checksum_after(std::uint64_t before, std::string_view piece) {
  const std::array both{before, detail::hash_bytes(piece.data(), piece.size())};
  return detail::hash_bytes(both.data(), sizeof both);
}

} // namespace

spool::spool(const sink_context& place)
    : after_(place.after), subtask_(place.subtask), subtasks_(place.subtasks) {
  if (!place.folder.empty())
    file_.emplace(part_folder(place.folder + '/' + escaped(place.stage)), place.subtask,
                  std::numeric_limits<std::uint64_t>::max(), std::string{});
}

result<spool> spool::open(const sink_context& place) {
  spool made(place);
  if (made.file_)
    if (auto opened = made.file_->folder().open(place.after); !opened)
      return opened.error();
  return made;
}

result<void> spool::add(std::string_view piece) {
  const std::size_t at = pieces_.size();
  pieces_.resize(at + binary_length_size(piece.size()) + piece.size());
  byte_writer to(pieces_.data() + at);
  to.put_length(piece.size());
  to.put(piece.data(), piece.size());
  checksum_ = checksum_after(checksum_, piece);
  if (!file_ || pieces_.size() <= most_in_memory)
    return {};
  in_file_ = true;
  auto appended = file_->append(pieces_);
  pieces_.clear();
  return appended;
}

result<std::optional<spooled>> spool::seal(epoch n) {
  if (!in_file_ && pieces_.empty())
    return std::optional<spooled>{};
  spooled what;
  what.pieces = std::exchange(pieces_, {});
  what.checksum = std::exchange(checksum_, 0);
  if (!std::exchange(in_file_, false))
    return std::optional{std::move(what)};
  if (auto appended = file_->append(std::exchange(what.pieces, {})); !appended)
    return appended.error();
  auto sealed = file_->seal(n);
  if (!sealed)
    return sealed.error();
  what.file = **sealed; // something was appended
  return std::optional{std::move(what)};
}

std::string spool::path_of(const sealed_parts& file) const {
  return file_->folder().sealed(file.first());
}

bool spool::is_done(const spooled& what) const {
  return what.file.count > 0 && file_ &&
         ::access((path_of(what.file) + std::string{done_mark}).c_str(), F_OK) == 0;
}

result<void> spool::read(const spooled& what, const take_piece& take) const {
  if (what.file.count == 0) {
    byte_cursor from(what.pieces);
    for (std::string piece; from.left() > 0; take(piece))
      if (!read_binary(from, piece))
        return external_error("what a sink has prepared cannot be read");
    return {};
  }
  if (!file_)
    return user_error("what a sink has prepared is in a folder that it does not know");
  const std::string path = path_of(what.file);
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT)
    return external_error(
        fmt::format("\"{}\" is gone, and what it held was not yet published", path),
        fmt::format("put it back from a copy of the folder; an empty file \"{}{}\" lets the job go "
                    "on without it",
                    path, done_mark));
  std::uint64_t checksum = 0;
  const auto add = [&](std::string_view piece) { checksum = checksum_after(checksum, piece); };
  if (auto whole = read_file(path, add); !whole)
    return whole;
  if (checksum != what.checksum)
    return external_error(fmt::format("\"{}\" is damaged: its checksum differs", path));
  return read_file(path, take);
}

result<void> spool::read_file(const std::string& path, const take_piece& take) {
  auto file = delimited_reader::open(path, std::numeric_limits<std::size_t>::max());
  if (!file)
    return file.error();
  for (std::string_view piece;;)
    switch (file->next(piece)) {
    case delimited_reader::status::message:
      take(piece);
      break;
    case delimited_reader::status::end:
      return {};
    case delimited_reader::status::failed:
      return file->error();
    default:
      return external_error(fmt::format("\"{}\" is damaged: it was cut short", path));
    }
}

result<void> spool::remove(const spooled& what) const {
  if (what.file.count == 0 || !file_)
    return {};
  return file_->folder().discard(what.file);
}

// The mark is durable before the file is removed: a power cut never leaves neither.
result<void> spool::done(const spooled& what) {
  if (what.file.count == 0 || !file_)
    return {};
  const std::string mark = path_of(what.file) + std::string{done_mark};
  const int made = ::open(mark.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (made < 0)
    return write_error(mark, errno);
  ::close(made);
  if (const int code = sync_folder(folder_of(mark)); code != 0)
    return write_error(folder_of(mark), code);
  done_.insert(what.file.first());
  if (auto removed = remove(what); !removed)
    return removed;
  return forget_old();
}

result<void> spool::forget_old() {
  for (; done_.size() > most_marks; done_.erase(done_.begin()))
    if (auto removed = file_->folder().remove_sealed(*done_.begin(), done_mark); !removed)
      return removed;
  return {};
}

// Later epochs than those of this job are of another continuation.
result<void> spool::discard() {
  if (!file_)
    return {};
  const part_folder& folder = file_->folder();
  const auto marks = folder.sealed_with(done_mark);
  if (!marks)
    return marks.error();
  for (const part_name& part : *marks)
    if (part.subtask % subtasks_ != subtask_)
      continue;
    else if (part.of <= after_)
      done_.insert(part);
    else if (auto removed = folder.remove_sealed(part, done_mark); !removed)
      return removed;
  if (auto forgotten = forget_old(); !forgotten)
    return forgotten;
  return folder.discard(subtask_, subtasks_);
}

std::string unique_name() {
  std::uint64_t number = 0;
  if (::getentropy(&number, sizeof number) != 0)
    throw failure(internal_error("the system gives no random number"));
  return fmt::format("{:016x}", number);
}

} // namespace leat
