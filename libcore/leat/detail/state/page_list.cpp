#include <leat/detail/state/page_list.hpp>

#include <algorithm>
#include <memory>
#include <new>

namespace leat::detail {

namespace {

/// Frees a page that has no cells yet, or no longer.
struct page_memory {
  std::align_val_t align;

  void operator()(page_head* p) const {
    p->~page_head();
    ::operator delete(p, align);
  }
};

page_memory memory_of(const cell_type& type) {
  return {std::align_val_t{std::max(type.align, alignof(page_head))}};
}

std::unique_ptr<page_head, page_memory> without_cells(const cell_type& type) {
  const page_memory memory = memory_of(type);
  return {new (::operator new(page_bytes(type), memory.align)) page_head, memory};
}

page_head* make_page(const cell_type& type) {
  auto p = without_cells(type);
  type.make(p->cells(type.align), type.in_page);
  return p.release();
}

page_head* copy_page(const cell_type& type, const page_head* from) {
  auto p = without_cells(type);
  p->present = from->present;
  type.copy(from->cells(type.align), type.in_page, p->cells(type.align));
  return p.release();
}

} // namespace

page_list::page_list(const cell_type& type)
    : type_(type), untouched_(make_page(type)), pages_{hold(untouched_)} {}

page_list::page_list(const page_list& other)
    : type_(other.type_), untouched_(hold(other.untouched_)), pages_(other.pages_),
      made_(other.made_) {
  for (page_head* p : pages_)
    hold(p);
}

page_list::~page_list() {
  for (page_head* p : pages_)
    let_go(p);
  let_go(untouched_);
}

void page_list::reach(std::size_t page) {
  while (pages_.size() <= page)
    pages_.push_back(hold(untouched_));
}

std::size_t page_list::unshare(std::size_t page) {
  page_head* const before = pages_[page];
  const bool first_write = before == untouched_;
  made_ += first_write;
  const std::size_t counted = first_write ? 0 : heap_bytes(before);
  pages_[page] = copy_page(type_, before);
  let_go(before);
  return heap_bytes(pages_[page]) - counted;
}

page_head* page_list::hold(page_head* p) const {
  p->holders.fetch_add(1, std::memory_order_relaxed);
  return p;
}

void page_list::let_go(page_head* p) const {
  if (p->holders.fetch_sub(1, std::memory_order_acq_rel) != 1)
    return;
  type_.destroy(p->cells(type_.align), type_.in_page);
  memory_of(type_)(p);
}

std::size_t page_list::heap_bytes(const page_head* p) const {
  return type_.heap_bytes(p->cells(type_.align), type_.in_page);
}

} // namespace leat::detail
