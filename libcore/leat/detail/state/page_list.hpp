// The pages of a column, shared with its snapshots: a page that others hold is copied before it is
// changed. The list does not know what is in them.
#pragma once

#include <atomic>
#include <bitset>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace leat::detail {

/// What is kept in pages. The functions are for blocks of cells.
struct cell_type {
  std::size_t size;
  std::size_t align;
  std::size_t in_page; ///< how many make a page, page_head::most_cells at the most
  void (*make)(void* first, std::size_t count);
  void (*copy)(const void* from, std::size_t count, void* to);
  void (*destroy)(void* first, std::size_t count);
  std::size_t (*heap_bytes)(const void* first, std::size_t count);
};

/// What every page begins with. Its cells stand after it.
struct page_head {
  static constexpr std::size_t most_cells = 256;

  std::atomic<std::uint32_t> holders{1};
  std::bitset<most_cells> present; ///< for columns whose cells do not tell

  std::byte* cells(std::size_t align) {
    return reinterpret_cast<std::byte*>(this) + cells_offset(align);
  }
  const std::byte* cells(std::size_t align) const {
    return reinterpret_cast<const std::byte*>(this) + cells_offset(align);
  }
  static constexpr std::size_t cells_offset(std::size_t align) {
    return (sizeof(page_head) + align - 1) / align * align;
  }
};

/// The bytes of a page, without what its cells own.
constexpr std::size_t page_bytes(const cell_type& type) {
  return page_head::cells_offset(type.align) + type.in_page * type.size;
}

/// Lists that share pages may live in different threads, each of them used by one thread at a time.
class page_list {
public:
  explicit page_list(const cell_type& type);
  /// Shares the pages.
  page_list(const page_list& other);
  page_list& operator=(const page_list&) = delete;
  ~page_list();

  /// Makes pages up to and including this one, all of them one that nobody has written to.
  void reach(std::size_t page);

  const page_head& head(std::size_t page) const { return *pages_[page]; }
  /// Contract: not shared(page).
  page_head& head(std::size_t page) {
    assert(!shared(page));
    return *pages_[page];
  }
  /// Acquires what the others did before they let go: the page may be changed in place then.
  bool shared(std::size_t page) const {
    return pages_[page]->holders.load(std::memory_order_acquire) != 1;
  }
  /// Makes a page its own. Returns by how many bytes what the pages own has grown, which may wrap
  /// around: a copy may own less.
  std::size_t unshare(std::size_t page);

  /// Heap memory of pages, without what they own.
  std::size_t bytes() const {
    return pages_.capacity() * sizeof(void*) + made_ * page_bytes(type_);
  }

private:
  page_head* hold(page_head* p) const;
  void let_go(page_head* p) const;
  std::size_t heap_bytes(const page_head* p) const;

  const cell_type& type_;
  page_head* untouched_; ///< stands for all pages nobody has written to
  std::vector<page_head*> pages_;
  std::size_t made_ = 1; ///< pages of its own, the untouched one included
};

} // namespace leat::detail
