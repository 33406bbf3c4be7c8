#include <leat/detail/state/page_list.hpp>

namespace leat::detail {

page_list::page_list(const page_type& type)
    : type_(type), untouched_(type.make()), pages_{hold(untouched_)} {}

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

std::size_t page_list::unshare(std::size_t i) {
  page_head* const before = pages_[i];
  const bool first_write = before == untouched_;
  made_ += first_write;
  const std::size_t counted = first_write ? 0 : type_.heap_bytes(before);
  pages_[i] = type_.copy(before);
  let_go(before);
  return type_.heap_bytes(pages_[i]) - counted;
}

page_head* page_list::hold(page_head* p) const {
  p->holders.fetch_add(1, std::memory_order_relaxed);
  return p;
}

void page_list::let_go(page_head* p) const {
  if (p->holders.fetch_sub(1, std::memory_order_acq_rel) == 1)
    type_.drop(p);
}

} // namespace leat::detail
