// The records of a frame. What holds them and hands them on does not know their type: it moves
// blocks of them, by what a record_type says.
#pragma once

#include <leat/detail/record/byte_count.hpp>
#include <leat/detail/record/envelope.hpp>
#include <leat/detail/transport/raw_text.hpp>

#include <cassert>
#include <limits>
#include <new>
#include <span>

namespace leat {

/// What must be known of the type of records to move blocks of them. Two types are one if they have
/// the same address.
struct record_type {
  std::size_t size;
  std::size_t align;
  /// These construct records at `to`. Null where they may be copied as bytes.
  void (*copy)(const void* from, std::size_t count, void* to);
  void (*move)(void* from, std::size_t count, void* to);
  void (*destroy)(void* first, std::size_t count);
  /// Adds up the bytes of records, heap included, until they come to `most`, and returns how many
  /// records it took. Null where they own no heap.
  std::size_t (*measure)(const void* first, std::size_t count, std::size_t& bytes,
                         std::size_t most);
  /// The record as text, for a dead letter. Null if its fields are not known.
  std::string (*text)(const void* record);
};

namespace detail {

template <class T>
void copy_records(const void* from, std::size_t count, void* to) {
  for (std::size_t i = 0; i < count; ++i)
    new (static_cast<T*>(to) + i) T(static_cast<const T*>(from)[i]);
}
template <class T>
void move_records(void* from, std::size_t count, void* to) {
  for (std::size_t i = 0; i < count; ++i)
    new (static_cast<T*>(to) + i) T(std::move(static_cast<T*>(from)[i]));
}
template <class T>
void destroy_records(void* first, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    static_cast<T*>(first)[i].~T();
}
template <class T>
std::size_t measure_records(const void* first, std::size_t count, std::size_t& bytes,
                            std::size_t most) {
  std::size_t i = 0;
  for (; i < count && bytes < most; ++i)
    bytes += sizeof(T) + heap_bytes(static_cast<const T*>(first)[i]);
  return i;
}

template <class T>
std::string record_text(const void* record) {
  return raw_text(*static_cast<const T*>(record));
}

template <class T>
constexpr record_type make_record_type() {
  record_type type{sizeof(T), alignof(T), nullptr, nullptr, nullptr, nullptr, nullptr};
  if constexpr (has_raw_text<T>)
    type.text = record_text<T>;
  if constexpr (!std::is_trivially_copyable_v<T>) {
    type.copy = copy_records<T>;
    type.move = move_records<T>;
    type.destroy = destroy_records<T>;
  }
  if constexpr (owns_heap<T>)
    type.measure = measure_records<T>;
  return type;
}

} // namespace detail

template <class T>
inline constexpr record_type record_type_of = detail::make_record_type<T>();

/// Records of one type, and their envelopes. Shared by all who hold it; only a sole owner may
/// change it.
class rows {
public:
  explicit rows(const record_type& type, std::size_t room = 0) : type_(&type) {
    if (room > 0)
      grow(room);
  }
  rows(const rows&) = delete;
  rows& operator=(const rows&) = delete;
  ~rows();

  const record_type& type() const { return *type_; }
  std::size_t size() const { return size_; }
  /// Bytes in memory, what records own on the heap included.
  std::size_t bytes() const;

  /// The records; T is their type.
  template <class T>
  std::span<T> as() {
    assert(type_ == &record_type_of<T>);
    return {static_cast<T*>(data_), size_};
  }
  template <class T>
  std::span<const T> as() const {
    assert(type_ == &record_type_of<T>);
    return {static_cast<const T*>(data_), size_};
  }
  const void* record(std::size_t i) const {
    return static_cast<const std::byte*>(data_) + i * type_->size;
  }

  /// Appends a record, and leaves its envelope to the caller.
  template <class T, class U = T>
  void push_back(U&& record) {
    assert(type_ == &record_type_of<T>);
    if (size_ == room_) [[unlikely]]
      grow(size_ + 1);
    new (static_cast<T*>(data_) + size_) T(std::forward<U>(record));
    ++size_;
  }
  template <class T, class U = T>
  void add(U&& record, const envelope_view& e, const carried_columns& carried) {
    envelopes.add(size_, e, carried);
    push_back<T>(std::forward<U>(record));
  }
  /// Appends records for the caller to write: trivial members have no value before.
  template <class T>
  T* extend(std::size_t count) {
    assert(type_ == &record_type_of<T>);
    if (count > room_ - size_)
      grow(size_ + count);
    T* const first = static_cast<T*>(data_) + size_;
    for (std::size_t i = 0; i < count; ++i)
      new (first + i) T;
    size_ += count;
    return first;
  }

  /// Appends records [begin, end) of others of this type, without their envelopes. `owner`: nobody
  /// needs them there any more.
  void append(rows& from, std::size_t begin, std::size_t end, bool owner);
  /// Drops records from this index on; truncate() drops their envelopes too.
  void drop_from(std::size_t size);
  void truncate(std::size_t size) {
    drop_from(size);
    envelopes.truncate(size);
  }
  /// Empties it for further use, and keeps its memory.
  void clear() { truncate(0); }

  envelope_columns envelopes;

private:
  void grow(std::size_t least);
  void release();

  const record_type* type_;
  void* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t room_ = 0;
};

/// Makes rows for a frame, with room for twice what the last one came to: a quick stream need not
/// grow them, and a slow one does not pay for what it does not fill.
std::shared_ptr<rows> make_rows(const record_type& type, std::size_t last_size = 0,
                                std::size_t capacity = 0, const carried_columns& carried = {});

} // namespace leat
