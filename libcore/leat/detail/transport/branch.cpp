#include <leat/detail/transport/branch.hpp>

namespace leat {

fanout::fanout(std::optional<std::uint32_t> number) : number_(number) {}
fanout::fanout(fanout&&) noexcept = default;
fanout::~fanout() = default;

void fanout::add(std::unique_ptr<branch> b) { branches_.push_back(std::move(b)); }

void fanout::accept(frame& f) {
  for (std::size_t i = 0; i + 1 < branches_.size(); ++i) {
    frame shared = f;
    branches_[i]->accept(shared);
  }
  if (!branches_.empty())
    branches_.back()->accept(f);
}

void fanout::resume() {
  for (auto& b : branches_)
    if (b->blocked())
      b->resume();
}

bool fanout::blocked() const {
  for (const auto& b : branches_)
    if (b->blocked())
      return true;
  return false;
}

void fanout::passed(const stamp& s) {
  for (auto& b : branches_)
    b->passed(s);
}

void fanout::list_ports(std::vector<port*>& all) {
  for (auto& b : branches_)
    b->list_ports(all);
}

} // namespace leat
