// The pages of a column, shared with its snapshots: a page that others hold is copied before it is
// changed. The list does not know what is in them.
#pragma once

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace leat::detail {

/// What every page begins with.
struct page_head {
  std::atomic<std::uint32_t> holders{1};
};

template <class Page>
struct page_node : page_head {
  page_node() = default;
  explicit page_node(const Page& p) : page(p) {}
  Page page{};
};

/// What is done with pages of one type.
struct page_type {
  std::size_t size; ///< of a page on the heap, without what it owns itself
  page_head* (*make)();
  page_head* (*copy)(const page_head*);
  void (*drop)(page_head*);
  std::size_t (*heap_bytes)(const page_head*);
};

template <class Page>
inline constexpr page_type page_type_of{
    sizeof(page_node<Page>), [] { return static_cast<page_head*>(new page_node<Page>); },
    [](const page_head* p) {
      return static_cast<page_head*>(
          new page_node<Page>(static_cast<const page_node<Page>*>(p)->page));
    },
    [](page_head* p) { delete static_cast<page_node<Page>*>(p); },
    [](const page_head* p) { return static_cast<const page_node<Page>*>(p)->page.heap_bytes(); }};

/// Lists that share pages may live in different threads, each of them used by one thread at a time.
class page_list {
public:
  explicit page_list(const page_type& type);
  /// Shares the pages.
  page_list(const page_list& other);
  page_list& operator=(const page_list&) = delete;
  ~page_list();

  /// Makes pages up to and including this one, all of them one that nobody has written to.
  void reach(std::size_t page);

  template <class Page>
  const Page& at(std::size_t i) const {
    return static_cast<const page_node<Page>*>(pages_[i])->page;
  }
  /// Contract: not shared(i).
  template <class Page>
  Page& own(std::size_t i) {
    assert(!shared(i));
    return static_cast<page_node<Page>*>(pages_[i])->page;
  }
  /// Acquires what the others did before they let go: the page may be changed in place then.
  bool shared(std::size_t i) const {
    return pages_[i]->holders.load(std::memory_order_acquire) != 1;
  }
  /// Makes a page its own. Returns by how many bytes what the pages own has grown, which may wrap
  /// around: a copy may own less.
  std::size_t unshare(std::size_t i);

  /// Heap memory of pages, without what they own.
  std::size_t bytes() const { return pages_.capacity() * sizeof(void*) + made_ * type_.size; }

private:
  page_head* hold(page_head* p) const;
  void let_go(page_head* p) const;

  const page_type& type_;
  page_head* untouched_; ///< stands for all pages nobody has written to
  std::vector<page_head*> pages_;
  std::size_t made_ = 1; ///< pages of its own, the untouched one included
};

} // namespace leat::detail
