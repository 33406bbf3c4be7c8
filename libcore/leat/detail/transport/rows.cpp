#include <leat/detail/transport/rows.hpp>

#include <algorithm>
#include <cstring>

namespace leat {

namespace {

// Records begin with a cache line. Where the system's own alignment of 16 bytes had put every
// second one across two lines, a hop took a third longer.
std::align_val_t alignment(const record_type& type) {
  constexpr std::size_t cache_line = 64;
  return std::align_val_t{std::max(type.align, cache_line)};
}

void* allocate(const record_type& type, std::size_t count) {
  if (count > std::numeric_limits<std::ptrdiff_t>::max() / type.size)
    throw std::bad_array_new_length();
  return ::operator new(count* type.size, alignment(type));
}

void move_block(const record_type& type, void* from, std::size_t count, void* to) {
  if (type.move)
    type.move(from, count, to);
  else if (count > 0)
    std::memcpy(to, from, count * type.size);
}

void copy_block(const record_type& type, const void* from, std::size_t count, void* to) {
  if (type.copy)
    type.copy(from, count, to);
  else if (count > 0)
    std::memcpy(to, from, count * type.size);
}

} // namespace

rows::~rows() {
  drop_from(0);
  release();
}

std::size_t rows::bytes() const {
  std::size_t sum = envelopes.heap_bytes();
  if (type_->measure)
    type_->measure(data_, size_, sum, std::numeric_limits<std::size_t>::max());
  else
    sum += size_ * type_->size;
  return sum;
}

void rows::append(rows& from, std::size_t begin, std::size_t end, bool owner) {
  assert(type_ == from.type_);
  const std::size_t count = end - begin;
  if (count > room_ - size_)
    grow(size_ + count);
  std::byte* const first = static_cast<std::byte*>(from.data_) + begin * type_->size;
  std::byte* const to = static_cast<std::byte*>(data_) + size_ * type_->size;
  if (owner)
    move_block(*type_, first, count, to);
  else
    copy_block(*type_, first, count, to);
  size_ += count;
}

void rows::drop_from(std::size_t size) {
  if (size >= size_)
    return;
  if (type_->destroy)
    type_->destroy(static_cast<std::byte*>(data_) + size * type_->size, size_ - size);
  size_ = size;
}

void rows::grow(std::size_t least) {
  const std::size_t room = std::max(least, 2 * room_);
  void* const grown = allocate(*type_, room);
  move_block(*type_, data_, size_, grown);
  if (type_->destroy)
    type_->destroy(data_, size_);
  release();
  data_ = grown;
  room_ = room;
}

void rows::release() { ::operator delete(data_, alignment(*type_)); }

std::shared_ptr<rows> make_rows(const record_type& type, std::size_t last_size,
                                std::size_t capacity, const carried_columns& carried) {
  const std::size_t room = std::min(2 * last_size, capacity);
  auto made = std::make_shared<rows>(type, room);
  made->envelopes.reserve(room, carried);
  return made;
}

} // namespace leat
